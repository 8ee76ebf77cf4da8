/* 128-bit integers, for products of two 64-bit numbers. gcc and clang have them on every 64-bit
 * platform; the typedef keeps -Wpedantic content in one place. */
#ifndef UVLAB_BASE_WIDE_H
#define UVLAB_BASE_WIDE_H

__extension__ typedef unsigned __int128 uint128;

#endif
