import Bytes
import Kernel
import ServerCore
import Testing

@testable import MPM

@Test(
    arguments: [
        ({ $0.startServers = 2 }, 400, []),
        ({ $0.maxRequestWorkers = 10 }, 25, ["AH00511"]),
        ({ $0.maxRequestWorkers = 110 }, 100, ["AH00513"]),
        ({ $0.maxRequestWorkers = 1000 }, 400, ["AH00515"]),
        ({ $0.threadsPerChild = 100 }, 384, ["AH00507", "AH00513"]),
        ({ $0.serverLimit = 0 }, 25, ["AH00499", "AH00515"]),
        (
            {
                $0.startServers = 0; $0.minSpareThreads = 0
            }, 400, ["AH00517", "AH00519"]
        ),
    ] as [(@Sendable (inout ProcessSettings) -> Void, Int, [String])])
func planFollowsEvent(change: @Sendable (inout ProcessSettings) -> Void, workers: Int, warnings: [String]) {
    var settings = ProcessSettings()
    change(&settings)
    let plan = ProcessPlan(settings)
    #expect(plan.maxRequestWorkers == workers)
    #expect(plan.warnings.map { String($0.prefix(7)) } == warnings)
    #expect(plan.children >= 1 && plan.loopsPerChild >= 1)
    #expect(plan.requestsPerLoop * plan.loopsPerChild * plan.children >= workers)
}
