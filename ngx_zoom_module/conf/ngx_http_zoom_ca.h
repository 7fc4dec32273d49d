/* The certificate authorities that Zoom's servers are verified with. */

#ifndef _NGX_HTTP_ZOOM_CA_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CA_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/ssl.h>


/*
 * Reads CA certificates into a store, at configuration time.  A NULL file is
 * the system's bundle, looked for where the distributions put it.  On failure
 * NULL, the cause has been logged through ngx_conf_log_error.  The caller
 * frees it (X509_STORE_free) after all clients; they only borrow.
 */

X509_STORE *ngx_http_zoom_ca_store(ngx_conf_t *cf, ngx_str_t *file);


#endif /* _NGX_HTTP_ZOOM_CA_H_INCLUDED_ */
