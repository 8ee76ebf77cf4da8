# shellcheck shell=bash
# Sourced by the scripts that draw or compare: sees to the programs that they need. The one that
# sources it has fail(), which ends it with a message.

# What is missing is installed where that can be done, as scripts/quickstart does it for the build;
# standard output is left to the script.
need_tools() { # TOOL...: of the packages that scripts/packages calls pictures
    local tool packages
    packages=$(dirname -- "${BASH_SOURCE[0]}")/../packages
    for tool; do
        if ! command -v "$tool" >/dev/null; then
            "$packages" install pictures </dev/null >&2 || true # the next lines tell what that came to
            break
        fi
    done
    for tool; do
        command -v "$tool" >/dev/null ||
            fail "$tool is not installed (Debian: ${tool/%plot/plot-nox})"
    done
}
