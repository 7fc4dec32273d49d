/*
 * The module's configuration, as every part above the broker sees it.
 */

#ifndef _NGX_HTTP_ZOOM_MODULE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "zoom_string.h"


typedef struct {
    ngx_array_t                  accounts;   /* ngx_http_zoom_account_t * */
    size_t                       zone_size;
    ngx_shm_zone_t              *zone;       /* NULL without an account */
    ngx_log_t                   *log;        /* of the http level, or NULL */
} ngx_http_zoom_main_conf_t;


extern ngx_module_t  ngx_http_zoom_module;


/* The core's strings and nginx's have the same parts in another order. */

static ngx_inline zoom_str_t
ngx_http_zoom_str(const ngx_str_t *s)
{
    zoom_str_t  str;

    str.data = s->data;
    str.len = s->len;

    return str;
}


#endif /* _NGX_HTTP_ZOOM_MODULE_H_INCLUDED_ */
