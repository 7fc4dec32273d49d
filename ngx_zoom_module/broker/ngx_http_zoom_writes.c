#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_daily.h"
#include "ngx_http_zoom_writes.h"
#include "zoom_hash.h"
#include "zoom_user.h"


#define NGX_HTTP_ZOOM_WRITES_USERS  "/users/{userId}"


static uint64_t ngx_http_zoom_writes_hash(
    const ngx_http_zoom_worker_account_t *wa, ngx_uint_t of_user,
    zoom_str_t name);


void
ngx_http_zoom_writes_init(ngx_http_zoom_writes_t *w,
    const ngx_http_zoom_worker_account_t *wa, const zoom_endpoint_t *endpoint,
    const zoom_path_t *path, const ngx_str_t *user)
{
    size_t      len;
    zoom_str_t  name;
    ngx_uint_t  of_user;

    ngx_memzero(w, sizeof(ngx_http_zoom_writes_t));

    if (endpoint == NULL || !endpoint->daily || path->n < 2) {
        return;
    }

    len = sizeof(NGX_HTTP_ZOOM_WRITES_USERS) - 1;

    of_user = (user->len
               || ngx_strncmp(endpoint->path, NGX_HTTP_ZOOM_WRITES_USERS, len)
                  == 0);

    name = path->segments[1].text;

    if (user->len) {
        name.data = user->data;
        name.len = user->len;
    }

    w->zone = wa->zone;
    w->user = ngx_http_zoom_writes_hash(wa, of_user, name);
}


/* users of another account of Zoom's are others, whatever they are called */

static uint64_t
ngx_http_zoom_writes_hash(const ngx_http_zoom_worker_account_t *wa,
    ngx_uint_t of_user, zoom_str_t name)
{
    uint64_t       parts[3];
    zoom_buf_t     folded;
    zoom_str_t     s;
    const u_char  *seed;
    u_char         buf[ZOOM_USER_MAX];

    seed = wa->zone->sh->seed;

    s.data = wa->quota->key;
    s.len = wa->quota->len;
    parts[0] = zoom_hash(seed, s);

    parts[1] = of_user;

    if (of_user && name.len <= sizeof(buf)) {
        zoom_buf_init(&folded, buf, sizeof(buf));
        zoom_user_fold(&folded, name);
        name.data = folded.data;
        name.len = folded.len;
    }

    parts[2] = zoom_hash(seed, name);

    s.data = (unsigned char *) parts;
    s.len = sizeof(parts);

    return zoom_hash(seed, s);
}


time_t
ngx_http_zoom_writes_take(ngx_http_zoom_writes_t *w)
{
    time_t  wait;

    if (w->zone == NULL || w->taken) {
        return 0;
    }

    wait = ngx_http_zoom_daily_take(w->zone, w->user,
                                    NGX_HTTP_ZOOM_WRITES_MAX, &w->day);
    w->taken = (wait == 0);

    return wait;
}


void
ngx_http_zoom_writes_give_back(ngx_http_zoom_writes_t *w)
{
    if (!w->taken) {
        return;
    }

    w->taken = 0;

    ngx_http_zoom_daily_give_back(w->zone, w->user, w->day);
}
