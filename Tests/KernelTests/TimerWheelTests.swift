import Testing

@testable import EventLoop

struct TimerWheelTests {
    /// Runs the wheel tick by tick and says when each node fired.
    private func firings(_ deadlines: [UInt32], to end: UInt32, step: UInt32 = 1) -> [Int: UInt32] {
        var wheel = TimerWheel()
        wheel.grow(to: deadlines.count)
        for (node, tick) in deadlines.enumerated() { wheel.set(node, at: tick) }
        var fired: [Int: UInt32] = [:]
        var at: UInt32 = 0
        while at < end {
            at += step
            var expired: [UInt32] = []
            wheel.advance(to: at, expired: &expired)
            for node in expired {
                #expect(fired[Int(node)] == nil, "fires once")
                fired[Int(node)] = at
            }
        }
        return fired
    }
    @Test(arguments: [1, 2, 63, 64, 1023, 1024, 1025, 2048, 5000, 100_000] as [UInt32])
    func firesAtItsTick(deadline: UInt32) {
        #expect(firings([deadline], to: 100_100) == [0: deadline])
    }
    @Test(arguments: [3, 100, 1024, 5000] as [UInt32])
    func bigStepsFireEverythingThatPassed(step: UInt32) {
        let deadlines: [UInt32] = [1, 2, 7, 500, 1023, 1024, 1025, 3000, 4999]
        let fired = firings(deadlines, to: 10_000, step: step)
        for (node, deadline) in deadlines.enumerated() {
            #expect(fired[node] == (deadline + step - 1) / step * step)
        }
    }
    @Test func randomSettingMovingAndClearingMatchesASimpleModel() {
        var generator = SplitMix(state: 7)
        var wheel = TimerWheel()
        let nodes = 200
        wheel.grow(to: nodes)
        var model = [UInt32?](repeating: nil, count: nodes)
        var now: UInt32 = 0
        for _ in 0..<20_000 {
            let node = Int(generator.next() % UInt64(nodes))
            switch generator.next() % 8 {
            case 0:
                wheel.clear(node)
                model[node] = nil
            case 1, 2:
                now += UInt32(generator.next() % 40)
                var expired: [UInt32] = []
                wheel.advance(to: now, expired: &expired)
                let expected = model.indices.filter { (model[$0] ?? .max) <= now }
                #expect(expired.map(Int.init).sorted() == expected)
                for node in expected { model[node] = nil }
            default:
                let tick = now + 1 + UInt32(generator.next() % 3000)
                wheel.set(node, at: tick)
                model[node] = tick
            }
            if let next = wheel.nextTick(), let first = model.compactMap({ $0 }).min() {
                #expect(next <= first && next > now)
            } else {
                #expect(model.allSatisfy { $0 == nil })
            }
        }
    }
    @Test func anEmptyWheelHasNoNextTick() {
        var wheel = TimerWheel()
        wheel.grow(to: 2)
        #expect(wheel.nextTick() == nil)
        wheel.set(1, at: 9)
        #expect(wheel.nextTick() == 9)
    }
    struct SplitMix {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }
}
