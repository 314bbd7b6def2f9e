// Apache: modules.c, Debian's mods-available

import ServerCore

/// Every module of this target. Where two take part in the same phase at the same place, the earlier one runs first:
/// alphabetical, as Debian's mods-enabled loads them.
public let moduleList: [ModuleDefinition] = [
    AccessCompat.module,
    Alias.module,
    AllowMethods.module,
    AuthBasic.module,
    AuthnAnon.module,
    AuthnCore.module,
    AuthnFile.module,
    AuthzCore.module,
    AuthzGroupFile.module,
    AuthzHost.module,
    AuthzOwner.module,
    AuthzUser.module,
    Autoindex.module,
    Dir.module,
    Env.module,
    Expires.module,
    Filter.module,
    Headers.module,
    LogConfig.module,
    LogIO.module,
    Mime.module,
    Negotiation.module,
    ReqTimeout.module,
    Rewrite.module,
    SetEnvIf.module,
]
