#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "ngx_http_zoom_ca.h"


static char *ngx_http_zoom_ca_find(void);
static const char *ngx_http_zoom_ca_error(void);


/* where Debian, Fedora, old Fedora, SUSE, Alpine and FreeBSD keep theirs */

static char  *ngx_http_zoom_ca_files[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
    NULL
};


X509_STORE *
ngx_http_zoom_ca_store(ngx_conf_t *cf, ngx_str_t *file)
{
    char        *name;
    ngx_str_t    full;
    X509_STORE  *store;

    if (file) {
        full = *file;

        if (ngx_conf_full_name(cf->cycle, &full, 1) != NGX_OK) {
            return NULL;
        }

        name = (char *) full.data;

    } else {
        name = ngx_http_zoom_ca_find();

        if (name == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "no CA certificates of the system found, "
                               "\"trusted_certificate\" must name a file");
            return NULL;
        }
    }

    store = X509_STORE_new();
    if (store == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "X509_STORE_new() failed");
        ERR_clear_error();
        return NULL;
    }

    if (X509_STORE_load_locations(store, name, NULL) == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "could not read CA certificates from \"%s\": %s",
                           name, ngx_http_zoom_ca_error());
        X509_STORE_free(store);
        ERR_clear_error();
        return NULL;
    }

    /* as curl does: any certificate of the file is an anchor, root or not */

    X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST
                                |X509_V_FLAG_PARTIAL_CHAIN);

    ERR_clear_error();

    return store;
}


static char *
ngx_http_zoom_ca_find(void)
{
    char        **name;
    const char   *file;

    for (name = ngx_http_zoom_ca_files; *name; name++) {
        if (access(*name, R_OK) == 0) {
            return *name;
        }
    }

    file = X509_get_default_cert_file();

    return access(file, R_OK) == 0 ? (char *) file : NULL;
}


/* the first error in the queue is the cause */

static const char *
ngx_http_zoom_ca_error(void)
{
    const char     *reason;
    unsigned long   n;

    n = ERR_peek_error();

#ifdef ERR_SYSTEM_ERROR
    if (ERR_SYSTEM_ERROR(n)) {
        return strerror(ERR_GET_REASON(n));
    }
#endif

    reason = ERR_reason_error_string(n);

    return reason ? reason : "unknown error";
}
