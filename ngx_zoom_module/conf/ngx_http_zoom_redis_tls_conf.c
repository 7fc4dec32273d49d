#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/err.h>

#include "ngx_http_zoom_ca.h"
#include "ngx_http_zoom_redis_tls_conf.h"


static void ngx_http_zoom_redis_tls_free(void *data);


char *
ngx_http_zoom_redis_tls_conf(ngx_conf_t *cf,
    ngx_http_zoom_redis_conf_t *redis)
{
    X509_STORE          *store;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    store = ngx_http_zoom_ca_store(cf, redis->trusted_certificate.len
                                       ? &redis->trusted_certificate : NULL);
    if (store == NULL) {
        return NGX_CONF_ERROR;
    }

    redis->ssl = SSL_CTX_new(TLS_client_method());

    if (redis->ssl == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "SSL_CTX_new() failed");
        X509_STORE_free(store);
        ERR_clear_error();
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_zoom_redis_tls_free;
    cln->data = redis->ssl;

    /* it owns the store now */

    SSL_CTX_set_cert_store(redis->ssl, store);
    SSL_CTX_set_verify(redis->ssl, SSL_VERIFY_PEER, NULL);

    if (SSL_CTX_set_min_proto_version(redis->ssl, TLS1_2_VERSION) != 1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "SSL_CTX_set_min_proto_version() failed");
        ERR_clear_error();
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static void
ngx_http_zoom_redis_tls_free(void *data)
{
    SSL_CTX  *ctx = data;

    SSL_CTX_free(ctx);
}
