// PHP: main/fastcgi.c (struct _fcgi_hash)
import Bytes

/// The variables of one request, in the order they were first set.
typealias RequestEnvironment = TextTable
