#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_stale_conf.h"


#define NGX_HTTP_ZOOM_STALE_AFTER_MAX  60000


char *
ngx_http_zoom_set_stale_after(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (zlcf->stale_after != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        zlcf->stale_after = NGX_HTTP_ZOOM_NEVER;
        return NGX_CONF_OK;
    }

    n = ngx_parse_time(&value[1], 0);

    if (n < 0 || n > NGX_HTTP_ZOOM_STALE_AFTER_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid time \"%V\", it must be from 0 to 60s or "
                           "\"off\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    zlcf->stale_after = n;

    return NGX_CONF_OK;
}
