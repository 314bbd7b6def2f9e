// Apache: apr-util/crypto/apr_passwd.c (the crypt_r branch)
import CCrypt

/// crypt(3) of the system's libcrypt, without shared state.
enum Crypt {
    /// The hash of `password`, made as `setting` (a hash or its beginning) says; nil when the setting is not understood.
    static func encrypt(_ password: [UInt8], setting: [UInt8]) -> [UInt8]? {
        let password = password.map(CChar.init(bitPattern:)) + [0]
        let setting = setting.map(CChar.init(bitPattern:)) + [0]
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        defer { unsafe data.deallocate() }
        unsafe data.initialize(to: crypt_data())
        guard let result = unsafe crypt_r(password, setting, data) else { return nil }
        var output: [UInt8] = []
        var index = 0
        while case let byte = unsafe UInt8(bitPattern: result[index]), byte != 0 {
            output.append(byte)
            index += 1
        }
        // crypt's failure tokens are "*0" and "*1".
        return output.first == UInt8(ascii: "*") ? nil : output
    }
}
