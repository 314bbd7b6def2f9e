// Apache: modules.c (ap_prelinked_modules); Debian's mods-available

import ServerCore

/// Every module of this program. Static ones are always in use; the others wait for LoadModule.
/// Where two take part in the same phase at the same place, the earlier one runs first: alphabetical, as Debian's
/// mods-enabled loads them.
public let moduleList: [ModuleDefinition] = [
    // In Apache's own binary, in its order.
    Core.module,
    BuiltIn.so,
    BuiltIn.watchdog,
    Core.http,
    LogConfig.module,
    LogIO.module,
    BuiltIn.version,
    Core.unixd,
    // Loaded by name.
    AccessCompat.module,
    Actions.module,
    Alias.module,
    AllowMethods.module,
    AsIs.module,
    AuthBasic.module,
    AuthDigest.module,
    AuthnAnon.module,
    AuthnCore.module,
    AuthnFile.module,
    AuthzCore.module,
    AuthzGroupFile.module,
    AuthzHost.module,
    AuthzOwner.module,
    AuthzUser.module,
    Autoindex.module,
    Buffer.module,
    CGI.module,
    CGI.daemonModule,
    DataURL.module,
    Dir.module,
    Env.module,
    Expires.module,
    FastCGIModule.module,
    Filter.module,
    Headers.module,
    Include.module,
    ServerInfo.module,
    BuiltIn.macro,
    Mime.module,
    Core.eventMPM,
    Negotiation.module,
    Proxy.module,
    ProxyFCGI.module,
    Reflector.module,
    ReqTimeout.module,
    Rewrite.module,
    SetEnvIf.module,
    ServerStatus.module,
    UniqueID.module,
]
