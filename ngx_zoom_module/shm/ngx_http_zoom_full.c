#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_full.h"
#include "zoom_log_once.h"


static const char *const
    ngx_http_zoom_full_names[NGX_HTTP_ZOOM_NFULL] =
{
    "for another flight",
    "to keep a token",
    "to remember so many webhooks",
    "to remember so many bodies for so long",
    "to remember so many webhooks of Zoom's for so long"
};


static zoom_log_once_t  ngx_http_zoom_full_told[NGX_HTTP_ZOOM_NFULL];


void
ngx_http_zoom_full(ngx_http_zoom_full_e what, ngx_log_t *log)
{
    uint64_t  count;
    u_char    often[64];

    count = zoom_log_once(&ngx_http_zoom_full_told[what], ngx_time());

    if (count == 0) {
        return;
    }

    ngx_memzero(often, sizeof(often));

    if (count > 1) {
        ngx_snprintf(often, sizeof(often) - 1,
                     " (%uL times since the last such line)", count);
    }

    ngx_log_error(NGX_LOG_ERR, log, 0,
                  "zoom: no room %s, increase \"zoom_zone\"%s",
                  ngx_http_zoom_full_names[what], often);
}
