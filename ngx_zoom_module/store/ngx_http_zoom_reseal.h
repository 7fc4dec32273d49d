/*
 * An older key of zoom_store's has to serve until no grant needs it: one worker
 * goes through all of them, a page at a time, and says when that is so.
 */

#ifndef _NGX_HTTP_ZOOM_RESEAL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_RESEAL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_conf.h"


/* In a worker, when the store is open; "store" may be NULL. */
void ngx_http_zoom_reseal_start(const ngx_http_zoom_store_conf_t *store,
    ngx_log_t *log);
void ngx_http_zoom_reseal_stop(void);


#endif /* _NGX_HTTP_ZOOM_RESEAL_H_INCLUDED_ */
