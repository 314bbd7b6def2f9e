#ifndef CLINUX_H
#define CLINUX_H
// What Swift cannot call directly: variadic calls, packed structs, fork.
#endif
