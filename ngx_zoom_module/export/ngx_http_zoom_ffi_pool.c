/*
 * Pools, for lua/resty/zoom.lua.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_ffi.h"
#include "ngx_http_zoom_script_pool.h"


const ngx_http_zoom_pool_conf_t *
ngx_http_zoom_ffi_pool(const ngx_str_t *name)
{
    ngx_str_t  account;

    return ngx_http_zoom_script_pool(name, &account);
}


int
ngx_http_zoom_ffi_pool_pick(const ngx_http_zoom_pool_conf_t *pool,
    ngx_http_request_t *r, const ngx_str_t *key, const ngx_str_t *distinct,
    const ngx_str_t *bot, u_char *buf, ngx_str_t *user, int64_t *after)
{
    ngx_int_t                 rc;
    ngx_http_zoom_pool_req_t  req;

    ngx_memzero(&req, sizeof(ngx_http_zoom_pool_req_t));

    req.key = *key;
    req.distinct = *distinct;
    req.bot = *bot;

    rc = ngx_http_zoom_script_pick(pool, r, &req);

    *after = req.after;

    if (rc == NGX_OK) {
        ngx_memcpy(buf, req.user.data, req.user.len);

        user->data = buf;
        user->len = req.user.len;
    }

    return rc;
}


int
ngx_http_zoom_ffi_pool_release(const ngx_http_zoom_pool_conf_t *pool,
    const ngx_str_t *distinct, const ngx_str_t *user)
{
    return ngx_http_zoom_script_unlease(pool, distinct, user);
}


int
ngx_http_zoom_ffi_pool_member(const ngx_http_zoom_pool_conf_t *pool, int at,
    ngx_http_zoom_ffi_member_t *member)
{
    ngx_uint_t                     place;
    ngx_http_zoom_member_report_t  user;

    place = at;

    if (ngx_http_zoom_script_member(pool, &place, &user) != NGX_OK) {
        return NGX_DONE;
    }

    ngx_memcpy(member->text, user.user.data, user.user.len);

    member->user.data = member->text;
    member->user.len = user.user.len;
    member->leases = user.leases;
    member->wait = user.wait;
    member->up = user.up;
    member->backup = user.backup;
    member->weight = user.weight;
    member->code = user.code;

    return (int) place;
}
