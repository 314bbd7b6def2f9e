// Apache: server/core.c, set_define, unset_define, set_server_root, set_runtime_dir.
import Bytes

extension ConfigReader {
    func define(_ words: [ByteString], _ context: ReadingContext) throws(ConfigError) {
        try checkVariable(words[0], "Define", context)
        state.defines.define(words[0], words.count > 1 ? words[1] : nil)
    }
    func undefine(_ name: ByteString, _ context: ReadingContext) throws(ConfigError) {
        try checkVariable(name, "UnDefine", context)
        state.defines.undefine(name)
    }
    private func checkVariable(
        _ name: ByteString, _ directive: String, _ context: ReadingContext
    ) throws(ConfigError) {
        if context.htaccess != nil { throw ConfigError("\(directive) cannot occur within htaccess files") }
        if name.contains(UInt8(ascii: ":")) { throw ConfigError("Variable name must not contain ':'") }
    }

    func setServerRoot(_ path: ByteString, _ context: ReadingContext) throws(ConfigError) {
        if context.htaccess != nil { throw ConfigError("ServerRoot cannot occur within directory context") }
        guard let root = mergedPath(workingDirectory, path), environment.kind(of: root) == .directory else {
            throw ConfigError("ServerRoot must be a valid directory")
        }
        state.serverRoot = root
    }
    func setRuntimeDirectory(_ path: ByteString, _ context: ReadingContext) throws(ConfigError) {
        if context.htaccess != nil { throw ConfigError("DefaultRuntimeDir cannot occur within directory context") }
        guard let directory = serverRootRelative(path), environment.kind(of: directory) == .directory else {
            throw ConfigError("DefaultRuntimeDir must be a valid directory, absolute or relative to ServerRoot")
        }
        state.runtimeDirectory = directory
    }
}
