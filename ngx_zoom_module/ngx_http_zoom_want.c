/*
 * A token that an operator's code asks for.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_kind.h"
#include "ngx_http_zoom_module.h"
#include "ngx_http_zoom_user.h"
#include "ngx_http_zoom_want.h"
#include "zoom_meeting.h"


#define NGX_HTTP_ZOOM_WANT_TTL_MIN  60
#define NGX_HTTP_ZOOM_WANT_TTL_MAX  (365 * 24 * 60 * 60)


static ngx_http_zoom_kind_e ngx_http_zoom_want_kind(const ngx_str_t *type);
static ngx_msec_t ngx_http_zoom_want_deadline(ngx_http_request_t *r,
    const ngx_http_zoom_want_t *want);


const char *
ngx_http_zoom_want(ngx_http_request_t *r, const ngx_http_zoom_want_t *want,
    ngx_http_zoom_ask_t *ask)
{
    zoom_str_t                       id;
    const char                      *why;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ask->kind = ngx_http_zoom_want_kind(&want->type);
    ask->ttl = (want->ttl == NGX_CONF_UNSET) ? zlcf->ttl : want->ttl;
    ask->reuse = want->fresh ? 0 : zlcf->reuse;
    ask->min_left = zlcf->min_left;
    ask->use_stale = zlcf->use_stale;
    ask->webinar = want->webinar;
    ask->bypass = want->bypass;
    ask->deadline = ngx_http_zoom_want_deadline(r, want);

    if (ask->kind == NGX_HTTP_ZOOM_NKINDS) {
        return "there is no such type of token";
    }

    if (ask->ttl < NGX_HTTP_ZOOM_WANT_TTL_MIN
        || ask->ttl > NGX_HTTP_ZOOM_WANT_TTL_MAX)
    {
        return "the ttl is not from 60 seconds to 365 days";
    }

    if (ngx_http_zoom_kind_of_user(ask->kind)) {

        if (ngx_http_zoom_user_named(r, &want->user, &why) != ZOOM_OK) {
            return why;
        }

        ask->user = want->user;
    }

    if (ngx_http_zoom_kind_of_meeting(ask->kind)) {

        if (want->meeting.len > ZOOM_MEETING_ID_MAX
            || zoom_meeting_id(ngx_http_zoom_str(&want->meeting), &id) != 0)
        {
            return "the meeting's id is not 9 to 11 digits";
        }

        ask->meeting = want->meeting;
    }

    return NULL;
}


void
ngx_http_zoom_want_access(ngx_http_request_t *r,
    const ngx_http_zoom_want_t *want, ngx_http_zoom_ask_t *ask)
{
    ask->kind = NGX_HTTP_ZOOM_ACCESS;
    ask->deadline = ngx_http_zoom_want_deadline(r, want);
}


static ngx_http_zoom_kind_e
ngx_http_zoom_want_kind(const ngx_str_t *type)
{
    ngx_uint_t   i;
    const char  *name;

    if (type->len == 0) {
        return NGX_HTTP_ZOOM_ZAK;
    }

    for (i = NGX_HTTP_ZOOM_ZAK; i < NGX_HTTP_ZOOM_NKINDS; i++) {
        name = ngx_http_zoom_kind_names[i];

        if (type->len == ngx_strlen(name)
            && ngx_memcmp(type->data, name, type->len) == 0)
        {
            break;
        }
    }

    return (ngx_http_zoom_kind_e) i;
}


/* From now on: a script may run for long before it asks. */

static ngx_msec_t
ngx_http_zoom_want_deadline(ngx_http_request_t *r,
    const ngx_http_zoom_want_t *want)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    return ngx_current_msec + ((want->timeout == NGX_CONF_UNSET_MSEC)
                               ? zlcf->timeout : want->timeout);
}
