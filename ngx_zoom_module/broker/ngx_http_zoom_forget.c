#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_forget.h"
#include "ngx_http_zoom_key.h"
#include "ngx_http_zoom_publish.h"


void
ngx_http_zoom_forget_names(ngx_http_zoom_worker_account_t *wa,
    const ngx_str_t *names, ngx_uint_t n)
{
    ngx_uint_t           i;
    ngx_http_zoom_key_t  key;
    u_char               buf[NGX_HTTP_ZOOM_KEY_MAX];

    key.data = buf;

    for (i = 0; i < n; i++) {

        if (names[i].len == 0) {
            continue;
        }

        if (ngx_http_zoom_key_name(&key, wa, &names[i]) == NGX_OK) {
            ngx_http_zoom_publish_forget(wa->zone, &key);
        }

        if (ngx_http_zoom_key_prefix(&key, wa, &names[i]) == NGX_OK) {
            (void) ngx_http_zoom_publish_purge(wa->zone, &key);
        }
    }
}


void
ngx_http_zoom_forget_row(ngx_http_zoom_worker_account_t *wa,
    const ngx_http_zoom_grant_row_t *row)
{
    ngx_str_t   names[NGX_HTTP_ZOOM_NAMES_MAX + 2];
    ngx_uint_t  i;

    for (i = 0; i < row->nnames; i++) {
        names[i].data = (u_char *) row->names[i];
        names[i].len = ngx_strlen(row->names[i]);
    }

    names[i].data = (u_char *) row->email;
    names[i++].len = ngx_strlen(row->email);

    names[i].data = (u_char *) row->user;
    names[i++].len = ngx_strlen(row->user);

    ngx_http_zoom_forget_names(wa, names, i);
}


void
ngx_http_zoom_forget_access(ngx_http_zoom_worker_account_t *wa,
    const ngx_str_t *id, const ngx_str_t *token, time_t expires)
{
    ngx_http_zoom_key_t     key;
    ngx_http_zoom_result_t  result;
    u_char                  buf[NGX_HTTP_ZOOM_KEY_MAX];

    key.data = buf;

    if (ngx_http_zoom_key_user_access(&key, wa, id) != NGX_OK) {
        return;
    }

    ngx_http_zoom_publish_forget(wa->zone, &key);

    if (token == NULL) {
        return;
    }

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    result.value = *token;
    result.minted = ngx_time();
    result.expires = expires;

    ngx_http_zoom_publish_value(wa->zone, &key, &result);
}
