// Apache: modules/ssl/ssl_engine_init.c

import CTLS

extension TLSContext {
    /// The certificate in use has its key.
    var hasMatchingKey: Bool { unsafe SSL_CTX_check_private_key(context) == 1 }
}
