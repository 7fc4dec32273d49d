/*
 * The transport that carries exchanges by libcurl, its multi_socket interface
 * on nginx's event loop.
 */

#ifndef _NGX_HTTP_ZOOM_HTTP_CLIENT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_HTTP_CLIENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_client_conf.h"
#include "ngx_http_zoom_exchange.h"


/*
 * A client is one account's half of the transport in one worker: a multi
 * handle with its connections and caches, as long as it has something to do.
 */

typedef struct ngx_http_zoom_http_client_s  ngx_http_zoom_http_client_t;


/* Once per worker process, before and after all clients. */
ngx_int_t ngx_http_zoom_http_client_init_process(ngx_cycle_t *cycle);
void ngx_http_zoom_http_client_exit_process(ngx_cycle_t *cycle);

/* "rate" is what the limits let through, requests per 1000 seconds. */
ngx_http_zoom_http_client_t *ngx_http_zoom_http_client_create(
    ngx_cycle_t *cycle, const ngx_http_zoom_client_conf_t *conf,
    ngx_uint_t rate);

/*
 * Ends every transfer without calling its handler and gives back connections
 * and timers.
 */

void ngx_http_zoom_http_client_destroy(ngx_http_zoom_http_client_t *client);

/* Both as in ngx_http_zoom_transport_t. */

ngx_int_t ngx_http_zoom_http_client_send(void *client,
    ngx_http_zoom_exchange_t *x);
void ngx_http_zoom_http_client_cancel(ngx_http_zoom_exchange_t *x);

extern const ngx_http_zoom_transport_t  ngx_http_zoom_http_client;


#endif /* _NGX_HTTP_ZOOM_HTTP_CLIENT_H_INCLUDED_ */
