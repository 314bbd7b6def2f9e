// Apache: server/main.c
import Kernel

Process.exitNow(CommandLine.run())
