// Apache: modules/ssl/ssl_engine_kernel.c (ssl_authz_provider_*)

import Bytes
import Modules
import ServerCore

/// `Require ssl`, `Require ssl-verify-client`.
enum TLSAuthorization {
    static func register(_ hooks: inout Hooks) {
        hooks.addRequirement("ssl") { request in request.connection.isSecure }
        hooks.addRequirement("ssl-verify-client") { request in
            request.doNotReuse()
            guard let transport = TLSRequests.transport(request), transport.clientCertificate != nil else {
                return false
            }
            return transport.verifyResult == 0
        }
    }
}
