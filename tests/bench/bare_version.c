/* What `uvlab --version` is compared with: a program on the same libraries that asks each of them
 * for its version and prints it, so that all of them are really loaded. */
#include <stdio.h>

#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <uv.h>
#include <zlib.h>

int main(void)
{
    printf("libuv %s, OpenSSL %s, cJSON %s, zlib %s\n", uv_version_string(),
           OpenSSL_version(OPENSSL_VERSION_STRING), cJSON_Version(), zlibVersion());
    return 0;
}
