/* Connections that wait for the next request. */

#ifndef _NGX_HTTP_ZOOM_PEER_KEPT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_PEER_KEPT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_peer.h"


struct ngx_http_zoom_peers_s {
    const ngx_http_zoom_client_conf_t *conf;
    ngx_ssl_t                    ssl;
    ngx_queue_t                  kept;       /* the last one used first */
    ngx_uint_t                   nkept;
    ngx_log_t                   *log;
};


/*
 * The last one kept of an origin, with "recent" if that was seconds ago, which
 * is no longer kept; NULL: none.
 */
ngx_connection_t *ngx_http_zoom_peer_kept(ngx_http_zoom_peers_t *peers,
    const ngx_http_zoom_origin_t *origin, ngx_uint_t recent);


#endif /* _NGX_HTTP_ZOOM_PEER_KEPT_H_INCLUDED_ */
