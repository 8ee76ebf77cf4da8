/* The version of uvlab: `uvlab --version`, the environment of every result, the manual page. */
#ifndef UVLAB_BASE_VERSION_H
#define UVLAB_BASE_VERSION_H

#define UVLAB_VERSION "0.1.0"

#endif
