// Apache: modules/proxy/mod_proxy_balancer.c, balancers/mod_lbmethod_*.c, modules/slotmem/mod_slotmem_shm.c

import ServerCore

/// `balancer://` URLs, the methods that choose among members, and the memory Apache keeps their state in.
public enum Balancer {
    public static let module = ModuleDefinition("proxy_balancer", .proxy, directives: [])
    public static let byRequests = ModuleDefinition("lbmethod_byrequests", .proxy, directives: [])
    public static let byTraffic = ModuleDefinition("lbmethod_bytraffic", .proxy, directives: [])
    public static let byBusyness = ModuleDefinition("lbmethod_bybusyness", .proxy, directives: [])
    public static let sharedMemory = ModuleDefinition("slotmem_shm", .proxy, directives: [])
}
