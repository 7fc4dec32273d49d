#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_refusals.h"
#include "ngx_http_zoom_refuse.h"
#include "ngx_http_zoom_zone.h"


static void ngx_http_zoom_refuse_names(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_str_t *names);
static void ngx_http_zoom_refuse_log(ngx_http_request_t *r,
    const ngx_str_t *names, zoom_error_e error, const char *why,
    uint64_t count);


static const char *const  ngx_http_zoom_refuse_advice[] = {

    [ZOOM_E_BAD_CALLBACK] = "see what is sent, and if it is meant for this "
                            "location",

    [ZOOM_E_NO_MEETING] = "let the caller send the meeting's link or number",

    [ZOOM_E_BAD_TYPE] = "see \"zoom_types\", or which URL the caller has",

    [ZOOM_E_UNAUTHENTICATED] = "compare the secrets of \"zoom_authenticate\" "
                               "with those that the caller has",

    [ZOOM_E_REPLAYED] = "see \"zoom_replay\" if the caller sends a request "
                        "more than once",

    [ZOOM_E_NO_USER] = "see what \"zoom_user\" has for this caller",

    [ZOOM_E_NO_ACCOUNT] = "see which account this location names, and if it "
                          "has a \"zoom_account\" block",

    [ZOOM_E_DENIED] = "if the caller is right, see what this location allows",

    [ZOOM_E_METHOD] = "see which method the caller uses",

    [ZOOM_E_TOO_LARGE] = "see \"client_max_body_size\" if the caller is right"
};


void
ngx_http_zoom_refuse(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why)
{
    uint64_t                    count;
    ngx_str_t                   names[NGX_HTTP_ZOOM_REFUSAL_NNAMES];
    ngx_http_zoom_zone_t       *zone;
    ngx_http_zoom_main_conf_t  *zmcf;

    count = 0;
    zmcf = ngx_http_get_module_main_conf(r, ngx_http_zoom_module);

    ngx_http_zoom_refuse_names(r, ctx, names);

    if (zmcf->zone) {
        zone = zmcf->zone->data;

        ngx_http_zoom_refusals_count(zone, names, error);

        count = ngx_http_zoom_refusals_tell(zone, names, error, why);
    }

    ngx_http_zoom_refuse_log(r, names, error, why, count);
}


/* As they are configured, none of them is the caller's. */

static void
ngx_http_zoom_refuse_names(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_str_t *names)
{
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_core_srv_conf_t  *cscf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    names[NGX_HTTP_ZOOM_REFUSAL_SERVER] = cscf->server_name;
    names[NGX_HTTP_ZOOM_REFUSAL_LOCATION] = clcf->name;

    if (ctx->auth.caller.len) {
        names[NGX_HTTP_ZOOM_REFUSAL_CALLER] = ctx->auth.caller;
        return;
    }

    ngx_http_zoom_auth_suspect(r, &ctx->auth, ngx_http_zoom_ctx_args(r, ctx),
                               &names[NGX_HTTP_ZOOM_REFUSAL_CALLER]);
}


static void
ngx_http_zoom_refuse_log(ngx_http_request_t *r, const ngx_str_t *names,
    zoom_error_e error, const char *why, uint64_t count)
{
    u_char                   *p, *last;
    ngx_uint_t                level;
    const zoom_error_info_t  *info;
    u_char                    tail[NGX_MAX_ERROR_STR / 2];

    info = zoom_error_info(error);

    p = tail;
    last = tail + sizeof(tail);

    if (count) {
        p = ngx_slprintf(p, last, "; %s; location \"%V\"",
                         ngx_http_zoom_refuse_advice[error],
                         &names[NGX_HTTP_ZOOM_REFUSAL_LOCATION]);

        if (names[NGX_HTTP_ZOOM_REFUSAL_CALLER].len) {
            p = ngx_slprintf(p, last, ", caller \"%V\"",
                             &names[NGX_HTTP_ZOOM_REFUSAL_CALLER]);
        }
    }

    if (count > 1) {
        p = ngx_slprintf(p, last, " (%uL of this kind since the last such "
                         "line)", count);
    }

    level = (count == 0) ? NGX_LOG_INFO : NGX_LOG_ERR;

    ngx_log_error(level, r->connection->log, 0,
                  "zoom: %d %*s%s%s%*s", info->status,
                  info->name.len, info->name.data, why ? ": " : "",
                  why ? why : "", (size_t) (p - tail), tail);
}
