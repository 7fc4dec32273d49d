#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_claim_purge.h"
#include "ngx_http_zoom_forget.h"
#include "ngx_http_zoom_grants.h"
#include "ngx_http_zoom_key.h"
#include "ngx_http_zoom_publish.h"


static void ngx_http_zoom_forget_elsewhere(
    ngx_http_zoom_worker_account_t *wa, const ngx_http_zoom_key_t *key);


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
            ngx_http_zoom_forget_elsewhere(wa, &key);
        }

        if (ngx_http_zoom_key_prefix(&key, wa, &names[i]) == NGX_OK) {
            (void) ngx_http_zoom_publish_purge(wa->zone, &key);
            ngx_http_zoom_forget_elsewhere(wa, &key);
        }
    }
}


/* On the hosts that have the same grants. */

static void
ngx_http_zoom_forget_elsewhere(ngx_http_zoom_worker_account_t *wa,
    const ngx_http_zoom_key_t *key)
{
    ngx_str_t   prefix;
    ngx_uint_t  number;

    if (!ngx_http_zoom_grants_shared()) {
        return;
    }

    prefix.data = key->data;
    prefix.len = key->len;

    number = ngx_http_zoom_claim_purge(&prefix);

    if (number) {
        (void) ngx_http_zoom_forget_heard(wa->zone, number);
    }
}


ngx_uint_t
ngx_http_zoom_forget_heard(ngx_http_zoom_zone_t *zone, ngx_uint_t number)
{
    ngx_atomic_t       *heard;
    ngx_atomic_uint_t   last;

    heard = zone->sh->fleet.heard;
    heard += number % NGX_HTTP_ZOOM_FLEET_HEARD;
    last = *heard;

    return last != number && ngx_atomic_cmp_set(heard, last, number);
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
    ngx_http_zoom_forget_elsewhere(wa, &key);

    if (token == NULL) {
        return;
    }

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    result.value = *token;
    result.minted = ngx_time();
    result.expires = expires;

    ngx_http_zoom_publish_value(wa->zone, &key, &result);
}
