/* The directive zoom_limit, and how rates are written. */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_auth_conf.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_limit_conf.h"


#define NGX_HTTP_ZOOM_LIMIT_BURST_MAX  100000


static char *ngx_http_zoom_limit_off(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *zlcf);
static ngx_http_zoom_limit_conf_t *ngx_http_zoom_limit_add(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *zlcf);
static char *ngx_http_zoom_limit_parameter(ngx_conf_t *cf,
    ngx_http_zoom_limit_conf_t *limit, ngx_str_t *value);


char *
ngx_http_zoom_set_limit(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    ngx_str_t                         *value;
    ngx_uint_t                         i;
    ngx_http_zoom_limit_conf_t        *limit;
    ngx_http_compile_complex_value_t   ccv;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        return ngx_http_zoom_limit_off(cf, zlcf);
    }

    if (zlcf->limits == NULL) {
        return "is used together with \"off\"";
    }

    if (zlcf->limits != NGX_CONF_UNSET_PTR
        && zlcf->limits->nelts == NGX_HTTP_ZOOM_LIMITS_MAX)
    {
        return "stands there more often than 8 times";
    }

    limit = ngx_http_zoom_limit_add(cf, zlcf);
    if (limit == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = &limit->key;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_zoom_limit_parameter(cf, limit, &value[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return limit->rate ? NGX_CONF_OK : "has no \"rate=\"";
}


static char *
ngx_http_zoom_limit_off(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *zlcf)
{
    if (cf->args->nelts != 2) {
        return "has parameters after \"off\"";
    }

    if (zlcf->limits != NGX_CONF_UNSET_PTR) {
        return zlcf->limits ? "is used together with \"off\"" : "is duplicate";
    }

    zlcf->limits = NULL;

    return NGX_CONF_OK;
}


static ngx_http_zoom_limit_conf_t *
ngx_http_zoom_limit_add(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *zlcf)
{
    ngx_http_zoom_limit_conf_t  *limit;

    if (zlcf->limits == NGX_CONF_UNSET_PTR) {
        zlcf->limits = ngx_array_create(cf->pool, 1,
                                        sizeof(ngx_http_zoom_limit_conf_t));
        if (zlcf->limits == NULL) {
            zlcf->limits = NGX_CONF_UNSET_PTR;
            return NULL;
        }
    }

    limit = ngx_array_push(zlcf->limits);
    if (limit == NULL) {
        return NULL;
    }

    ngx_memzero(limit, sizeof(ngx_http_zoom_limit_conf_t));

    limit->where = ngx_http_zoom_where(cf);

    return limit;
}


static char *
ngx_http_zoom_limit_parameter(ngx_conf_t *cf,
    ngx_http_zoom_limit_conf_t *limit, ngx_str_t *value)
{
    u_char     *last;
    ngx_int_t   n;

    last = value->data + value->len;

    if (ngx_strncmp(value->data, "rate=", 5) == 0 && limit->rate == 0) {
        n = ngx_http_zoom_rate(value->data + 5, last);

        if (n > 0) {
            limit->rate = n;
            return NGX_CONF_OK;
        }

    } else if (ngx_strncmp(value->data, "burst=", 6) == 0
               && limit->burst == 0)
    {
        n = ngx_atoi(value->data + 6, last - value->data - 6);

        if (n >= 1 && n <= NGX_HTTP_ZOOM_LIMIT_BURST_MAX) {
            limit->burst = n;
            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\" of \"zoom_limit\", it must "
                       "be once \"rate=\" and a number from 1 to %d with "
                       "\"r/s\" or \"r/m\", such as \"rate=10r/s\", or "
                       "\"burst=\" and a number from 1 to %d", value,
                       NGX_HTTP_ZOOM_RATE_MAX, NGX_HTTP_ZOOM_LIMIT_BURST_MAX);

    return NGX_CONF_ERROR;
}


ngx_int_t
ngx_http_zoom_rate(u_char *p, u_char *last)
{
    ngx_int_t   n;
    ngx_uint_t  scale;

    if (last - p < 4) {
        return NGX_ERROR;
    }

    last -= 3;

    if (ngx_strncmp(last, "r/s", 3) == 0) {
        scale = 1;

    } else if (ngx_strncmp(last, "r/m", 3) == 0) {
        scale = 60;

    } else {
        return NGX_ERROR;
    }

    n = ngx_atoi(p, last - p);

    if (n < 1 || n > NGX_HTTP_ZOOM_RATE_MAX) {
        return NGX_ERROR;
    }

    return n * 1000 / scale;
}
