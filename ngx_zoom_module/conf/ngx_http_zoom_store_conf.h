/*
 * zoom_store: where what outlives a process is kept, and the keys that it is
 * sealed with.
 */

#ifndef _NGX_HTTP_ZOOM_STORE_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_STORE_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_redis_conf.h"
#include "zoom_seal.h"


struct ngx_http_zoom_store_conf_s {
    zoom_seal_t                 *sealing;
    ngx_http_zoom_redis_conf_t  *redis;      /* NULL: it is in SQLite */

    ngx_str_t                    path;       /* of the database */
    void                        *thread_pool;   /* ngx_thread_pool_t */
};


/* The zoom_store directive. */
char *ngx_http_zoom_set_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* When the http block has been read: can the workers write, or get, there? */
char *ngx_http_zoom_store_check(ngx_conf_t *cf,
    ngx_http_zoom_store_conf_t *store);


#endif /* _NGX_HTTP_ZOOM_STORE_CONF_H_INCLUDED_ */
