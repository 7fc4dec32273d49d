#include <ngx_config.h>
#include <ngx_core.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "ngx_http_zoom_curl_library.h"
#include "ngx_http_zoom_heap.h"


#define NGX_HTTP_ZOOM_CURL_SPINS  0x081400


static ngx_uint_t ngx_http_zoom_curl_library_other(const char *tls);


/* the others take a store of certificates of another make, or none */

static const char  *ngx_http_zoom_curl_library_tls[] = {
    "OpenSSL", "LibreSSL", "BoringSSL", "quictls", "AWS-LC", NULL
};


ngx_int_t
ngx_http_zoom_curl_library_check(ngx_log_t *log)
{
    const char   *tls;
    const char  **known;

    tls = curl_version_info(CURLVERSION_NOW)->ssl_version;

    for (known = ngx_http_zoom_curl_library_tls; tls && *known; known++) {
        if (ngx_strstr(tls, *known)) {
            break;
        }
    }

    if (tls == NULL || *known == NULL) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "libcurl must be the one built with OpenSSL, not \"%s\"",
                      tls ? tls : "no TLS");
        return NGX_ERROR;
    }

    if (ngx_http_zoom_curl_library_other(tls)) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "libcurl runs with \"%s\" and nginx with \"%s\": both "
                      "must be of one major version",
                      tls, OpenSSL_version(OPENSSL_VERSION));
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* Objects of one OpenSSL are no objects of another: a worker would crash. */

static ngx_uint_t
ngx_http_zoom_curl_library_other(const char *tls)
{
    const char     *name;
    unsigned long   major;

    name = ngx_strstr(tls, "OpenSSL/");

    if (name == NULL) {
        return 0;
    }

    major = strtoul(name + sizeof("OpenSSL/") - 1, NULL, 10);

    return major != OpenSSL_version_num() >> 28;
}


CURLcode
ngx_http_zoom_curl_library_init(void)
{
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc,
                                ngx_http_zoom_heap_free,
                                ngx_http_zoom_heap_realloc, strdup, calloc);
}


void
ngx_http_zoom_curl_library_warn(ngx_log_t *log)
{
    curl_version_info_data  *v;

    v = curl_version_info(CURLVERSION_NOW);

    if (v->version_num == NGX_HTTP_ZOOM_CURL_SPINS) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "libcurl %s may keep a processor busy for nothing, "
                      "another version is better", v->version);
    }
}
