import Bytes
import Kernel
import ServerCore
import Testing

@testable import MPM

@Suite struct PrivilegesTests {
    /// Root must become somebody; anybody else stays who they are.
    @Test(arguments: ["#-1", "#4294967295"] as [ByteString])
    func rootNeedsAUser(_ user: ByteString) {
        var settings = ProcessSettings()
        settings.user = user
        settings.group = "#-1"
        let expected =
            "AH02155: getpwuid: couldn't determine user name from uid 4294967295, you probably need to modify the User directive"
        #expect(Privileges.complaint(settings) == (Process.userID == 0 ? expected : nil))
    }
    @Test func aKnownUserWillDo() {
        var settings = ProcessSettings()
        settings.user = "nobody"
        settings.group = "#65534"
        #expect(Privileges.complaint(settings) == nil)
    }
}
