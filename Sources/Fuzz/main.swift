// Every parser on mutated input; scripts/fuzz runs it.
import Kernel

Process.exitNow(Runner.main(Array(CommandLine.arguments.dropFirst())))
