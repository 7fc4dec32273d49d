#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_bounds.h"


#define NGX_HTTP_ZOOM_YEAR        (365 * 24 * 60 * 60)

#define NGX_HTTP_ZOOM_WINDOW_MIN  60
#define NGX_HTTP_ZOOM_WINDOW_MAX  (7 * 24 * 60 * 60)

/* the last of Zoom's redeliveries comes after 85 minutes */
#define NGX_HTTP_ZOOM_WINDOW_ALL  (90 * 60)


static char *ngx_http_zoom_check_ttl(ngx_conf_t *cf, void *post, void *data);
static char *ngx_http_zoom_check_age(ngx_conf_t *cf, void *post, void *data);
static char *ngx_http_zoom_check_time(ngx_conf_t *cf, void *post, void *data);
static char *ngx_http_zoom_check_window(ngx_conf_t *cf, void *post,
    void *data);


ngx_conf_post_t  ngx_http_zoom_ttl_post = { ngx_http_zoom_check_ttl };
ngx_conf_post_t  ngx_http_zoom_age_post = { ngx_http_zoom_check_age };
ngx_conf_post_t  ngx_http_zoom_time_post = { ngx_http_zoom_check_time };
ngx_conf_post_t  ngx_http_zoom_window_post = { ngx_http_zoom_check_window };


static char *
ngx_http_zoom_check_ttl(ngx_conf_t *cf, void *post, void *data)
{
    time_t  *ttl = data;

    if (*ttl < NGX_HTTP_ZOOM_TTL_MIN || *ttl > NGX_HTTP_ZOOM_TTL_MAX) {
        return "must be from 60s to 365d";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_check_age(ngx_conf_t *cf, void *post, void *data)
{
    time_t  *age = data;

    if (*age > NGX_HTTP_ZOOM_YEAR) {
        return "must be at most 365d";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_check_time(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t  *timeout = data;

    if (*timeout < 1000 || *timeout > 60000) {
        return "must be from 1s to 60s";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_check_window(ngx_conf_t *cf, void *post, void *data)
{
    time_t  *window = data;

    if (*window < NGX_HTTP_ZOOM_WINDOW_MIN
        || *window > NGX_HTTP_ZOOM_WINDOW_MAX)
    {
        return "must be from 1m to 7d";
    }

    if (*window < NGX_HTTP_ZOOM_WINDOW_ALL) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"zoom_webhook_window\" is below 90 minutes, so "
                           "that a webhook that Zoom sends again after a "
                           "failure may be refused");
    }

    return NGX_CONF_OK;
}
