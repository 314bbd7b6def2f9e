// Standard output without a buffer: the program ends without running what would empty one.
import Kernel

func print(_ line: String) { try? File.writeAll(1, Array((line + "\n").utf8)) }
