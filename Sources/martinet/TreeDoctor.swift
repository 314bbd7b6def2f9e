// Apache: server/config.c (ap_read_config), again and again until nothing is wrong any more

import Bytes
import ConfigLanguage
import HostTools
import Kernel
import MPM
import ServerCore

/// `martinet doctor`: reads a configuration as `-t` does, takes the line away that is at fault, and reads again. What is left
/// at the end is what would be honoured.
struct TreeDoctor {
    private let command: DoctorCommand
    private let modules: [ModuleDefinition]
    private var launch: Launch
    private var report = TreeReport()
    /// By file and line.
    private var faults: [ByteString: [Int: (message: ByteString, extent: ClosedRange<Int>)]] = [:]
    private var sources: [ByteString: SourceLines] = [:]

    static func run(_ command: DoctorCommand, _ modules: [ModuleDefinition]) -> Int32 {
        var doctor = TreeDoctor(command, modules)
        doctor.examine()
        return command.write(doctor.report)
    }
    private init(_ command: DoctorCommand, _ modules: [ModuleDefinition]) {
        self.command = command
        self.modules = modules
        let options = Options(["martinet", "-d", command.root.string])
        var line = CommandLineConfiguration(serverRoot: command.root, configFile: options.configFile(in: command.root))
        line.isForInspection = true
        line.checksDocumentRoot = false
        launch = Launch(modules: modules, commandLine: line, arguments: ["martinet"])
    }

    private mutating func examine() {
        // Every round takes a line away.
        while true {
            let loaded = launch.load()
            guard let error = loaded.error else { return write(loaded) }
            let (location, message) = DoctorCommand.innermost(error)
            let isNew = location.map { note($0, ByteString(message)) } ?? mendMPM(ByteString(message), loaded)
            guard isNew else {
                if location != nil || !message.hasPrefix("AH00534") {
                    report.faults.append((ByteString(configurationErrorText(error, program: "martinet")), ""))
                }
                return write(loaded)
            }
        }
    }
    private mutating func source(_ file: ByteString) -> SourceLines {
        if let known = sources[file] { return known }
        let lines = SourceLines((try? ConfigFiles.contents(of: file)) ?? [])
        sources[file] = lines
        return lines
    }
    /// Takes a line, and what it encloses, out of the next reading.
    /// - Returns: False when that was done already, so that nothing would change.
    private mutating func note(_ location: SourceLocation, _ message: ByteString) -> Bool {
        let file = ByteString(location.file)
        let source = source(file)
        guard let line = source.line(at: location.line) else { return false }
        let extent = source.extent(of: line)
        guard !extent.allSatisfy({ launch.commandLine.without[file, default: []].contains($0) }) else { return false }
        launch.commandLine.without[file, default: []].formUnion(extent)
        faults[file, default: [:]][line.numbers.lowerBound] = (message, extent)
        return true
    }
    /// No MPM, or more than one: goes on with event.
    private mutating func mendMPM(_ message: ByteString, _ loaded: LoadedConfiguration) -> Bool {
        guard message.hasPrefix("AH00534") else { return false }
        if message.hasSuffix("No MPM loaded."), launch.commandLine.before.isEmpty {
            report.faults.append((message, "a2enmod mpm_event"))
            launch.commandLine.before = ["LoadModule mpm_event_module modules/mod_mpm_event.so"]
            return true
        }
        var isFirst = true
        var isNew = false
        for (file, _, _) in loaded.filesRead {
            for line in source(file).lines where line.name == "loadmodule" && line.text.contains("mpm_") {
                let words = line.text.words()
                guard words.count > 1, words[1].hasPrefix("mpm_"),
                    !launch.commandLine.without[file, default: []].contains(line.numbers.upperBound)
                else { continue }
                if !isFirst {
                    let name = words[1].hasSuffix("_module") ? words[1].upTo(words[1].count - 7) : words[1]
                    isNew =
                        note(
                            SourceLocation(file: file.string, line: line.numbers.upperBound),
                            "More than one MPM loaded: run a2dismod \(name)") || isNew
                }
                isFirst = false
            }
        }
        return isNew
    }

    // MARK: The report

    private mutating func write(_ loaded: LoadedConfiguration) {
        var done: [ByteString: Set<Int>] = [:]
        func add(_ location: SourceLocation) { done[ByteString(location.file), default: []].insert(location.line) }
        func add(_ nodes: [Node]) {
            for node in nodes {
                add(node.location)
                add(node.children)
            }
        }
        loaded.carriedOut.forEach(add)
        add(loaded.configuration.tree)
        let mpm = loaded.configuration.mpm?.rawValue ?? "event"
        var seen: Set<ByteString> = []
        for (file, _, _) in loaded.filesRead where seen.insert(file).inserted {
            report.files.append((file, entries(of: file, done[file] ?? [], mpm)))
        }
        for (level, _, text) in loaded.configuration.startupMessages
        where level <= .warning && !text.hasPrefix("AH00558") && loaded.error == nil {
            report.warnings.append(ByteString(text))
        }
    }
    private mutating func entries(of file: ByteString, _ done: Set<Int>, _ mpm: String) -> [TreeReport.Entry] {
        let source = source(file)
        let faults = faults[file] ?? [:]
        var entries: [TreeReport.Entry] = []
        /// Until which line the text of a macro goes.
        var macroEnd = 0
        for line in source.lines where !line.isEnd {
            let number = line.numbers.lowerBound
            func entry(_ verdict: TreeReport.Verdict, _ note: ByteString = "", _ cure: ByteString = "") {
                entries.append(.init(line: number, text: line.text, verdict: verdict, note: note, cure: cure))
            }
            if let fault = faults[number] {
                entry(
                    .unsupported, fault.message,
                    TreeAdvice.cure(fault.message, name: line.name, module: module(of: line.name)))
            } else if let outer = faults.first(where: { $0.value.extent.contains(number) }) {
                entry(.unsupported, "stands in the section of line \(outer.key)")
            } else if done.contains(line.numbers.upperBound) || number <= macroEnd {
                if line.name == "<macro" { macroEnd = source.extent(of: line).upperBound }
                if let note = TreeAdvice.translation(of: line.name, mpm: mpm) {
                    entry(.translated, note)
                } else {
                    entry(.honoured)
                }
            } else {
                entry(.notRead)
            }
        }
        return entries
    }
    /// The module here that has a directive, by the name of its `.load` file.
    private func module(of name: ByteString) -> ByteString? {
        let found = modules.first { module in
            !module.isStatic && module.directives.contains { ByteString($0.name).lowercased == name }
        }
        guard let symbol = found?.symbol else { return nil }
        return ByteString(symbol.hasSuffix("_module") ? String(symbol.dropLast(7)) : symbol)
    }
}
