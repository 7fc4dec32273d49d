/* TLS of a connection with Redis, by hiredis' half for OpenSSL. */

#ifndef _NGX_HTTP_ZOOM_REDIS_TLS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_TLS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <hiredis/async.h>
#include <openssl/ssl.h>

#include "ngx_http_zoom_redis_conf.h"


/*
 * Before anything is sent; the handshake goes on with the connection.  The
 * host is sent (SNI), and has to be in the certificate.  NULL: it failed for
 * that "reason", and the caller frees "ac".  Else hiredis frees it with "ac".
 */

SSL *ngx_http_zoom_redis_tls(redisAsyncContext *ac,
    const ngx_http_zoom_redis_conf_t *conf, u_char *reason, size_t size);

/*
 * Why a connection ends, if OpenSSL has something to say; else "reason" stays
 * as it is.  "open": it was in use already.
 */

void ngx_http_zoom_redis_tls_reason(SSL *ssl, ngx_uint_t open, u_char *reason,
    size_t size);


#endif /* _NGX_HTTP_ZOOM_REDIS_TLS_H_INCLUDED_ */
