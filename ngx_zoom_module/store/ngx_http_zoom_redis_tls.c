#include <ngx_config.h>
#include <ngx_core.h>

#if (NGX_HTTP_ZOOM_HIREDIS_SSL)

#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "ngx_http_zoom_redis_tls.h"


static u_char *ngx_http_zoom_redis_tls_error(redisContext *c);
static ngx_int_t ngx_http_zoom_redis_tls_name(SSL *ssl, const ngx_str_t *host);


SSL *
ngx_http_zoom_redis_tls(redisAsyncContext *ac,
    const ngx_http_zoom_redis_conf_t *conf, u_char *reason, size_t size)
{
    SSL  *ssl;

    ssl = SSL_new(conf->ssl);
    if (ssl == NULL) {
        ngx_cpystrn(reason, (u_char *) "finds no memory", size);
        return NULL;
    }

    if (ngx_http_zoom_redis_tls_name(ssl, &conf->places[0].host) == NGX_OK
        && redisInitiateSSL(&ac->c, ssl) == REDIS_OK)
    {
        return ssl;
    }

    /* with a peer that is near the handshake may have come that far already */

    if (ERR_peek_error()) {
        ngx_http_zoom_redis_tls_reason(ssl, 0, reason, size);

    } else {
        ngx_cpystrn(reason, ngx_http_zoom_redis_tls_error(&ac->c), size);
    }

    SSL_free(ssl);

    return NULL;
}


/* It says of each error that it was SSL_connect()'s. */

static u_char *
ngx_http_zoom_redis_tls_error(redisContext *c)
{
    static const char  prefix[] = "SSL_connect failed: ";

    if (c->err == 0) {
        return (u_char *) "finds no memory";
    }

    if (ngx_strncmp(c->errstr, prefix, sizeof(prefix) - 1) == 0) {
        return (u_char *) c->errstr + sizeof(prefix) - 1;
    }

    return (u_char *) c->errstr;
}


/* hiredis would send the name, but does not look for it in the certificate. */

static ngx_int_t
ngx_http_zoom_redis_tls_name(SSL *ssl, const ngx_str_t *host)
{
    const char         *name;
    X509_VERIFY_PARAM  *param;

    name = (const char *) host->data;
    param = SSL_get0_param(ssl);

    if (ngx_http_zoom_redis_literal(host)) {
        return X509_VERIFY_PARAM_set1_ip_asc(param, name) ? NGX_OK : NGX_ERROR;
    }

    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);

    return (X509_VERIFY_PARAM_set1_host(param, name, host->len)
            && SSL_set_tlsext_host_name(ssl, name))
           ? NGX_OK : NGX_ERROR;
}


/* hiredis says nothing of it. */

void
ngx_http_zoom_redis_tls_reason(SSL *ssl, ngx_uint_t open, u_char *reason,
    size_t size)
{
    long           verified;
    const char    *why;
    unsigned long  n;

    n = ERR_peek_error();

    if (n == 0 && SSL_is_init_finished(ssl)) {
        return;
    }

    verified = SSL_get_verify_result(ssl);

    if (verified != X509_V_OK) {
        *ngx_slprintf(reason, reason + size - 1,
                      "TLS certificate verify failed: %s",
                      X509_verify_cert_error_string(verified)) = '\0';
        return;
    }

    why = n ? ERR_reason_error_string(n) : NULL;

    *ngx_slprintf(reason, reason + size - 1, "TLS %s: %s",
                  open ? "failed" : "handshake failed",
                  why ? why : "closed the connection") = '\0';
}

#endif
