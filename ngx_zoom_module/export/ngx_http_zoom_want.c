/*
 * What an operator's code asks for.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_user.h"
#include "ngx_http_zoom_want.h"
#include "zoom_meeting.h"
#include "zoom_sdk.h"


#define NGX_HTTP_ZOOM_WANT_TTL_MIN  60
#define NGX_HTTP_ZOOM_WANT_TTL_MAX  (365 * 24 * 60 * 60)


static zoom_token_type_e ngx_http_zoom_want_type(const ngx_str_t *type);
static const char *ngx_http_zoom_want_method(const ngx_str_t *name);
static zoom_label_e ngx_http_zoom_want_label(const ngx_str_t *name);
static ngx_msec_t ngx_http_zoom_want_deadline(ngx_http_request_t *r,
    ngx_msec_t timeout);


const char *
ngx_http_zoom_want(ngx_http_request_t *r, const ngx_http_zoom_want_t *want,
    ngx_http_zoom_ask_t *ask)
{
    zoom_str_t                       id;
    const char                      *why;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ask->type = ngx_http_zoom_want_type(&want->type);
    ask->kind = NGX_HTTP_ZOOM_ZAK + ask->type;
    ask->ttl = (want->ttl == NGX_CONF_UNSET) ? zlcf->ttl : want->ttl;
    ask->reuse = want->fresh ? 0 : zlcf->reuse;
    ask->min_left = zlcf->min_left;
    ask->use_stale = zlcf->use_stale;
    ask->webinar = want->webinar;
    ask->bypass = want->bypass;
    ask->deadline = ngx_http_zoom_want_deadline(r, want->timeout);

    if (ask->type == ZOOM_NTOKEN_TYPES) {
        return "there is no such type of token";
    }

    if (ask->ttl < NGX_HTTP_ZOOM_WANT_TTL_MIN
        || ask->ttl > NGX_HTTP_ZOOM_WANT_TTL_MAX)
    {
        return "the ttl is not from 60 seconds to 365 days";
    }

    if (zoom_token_types[ask->type].of_user) {

        if (ngx_http_zoom_user_named(r, &want->user, &why) != ZOOM_OK) {
            return why;
        }

        ask->user = want->user;
    }

    if (zoom_token_types[ask->type].of_meeting) {

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
    ask->kind = NGX_HTTP_ZOOM_OAUTH;
    ask->deadline = ngx_http_zoom_want_deadline(r, want->timeout);
}


static zoom_token_type_e
ngx_http_zoom_want_type(const ngx_str_t *type)
{
    if (type->len == 0) {
        return ZOOM_ZAK;
    }

    return zoom_token_type_find(ngx_http_zoom_str(type));
}


const char *
ngx_http_zoom_want_request(ngx_http_request_t *r,
    const ngx_http_zoom_want_request_t *want, ngx_http_zoom_api_call_t *req)
{
    req->account = want->account;
    req->method = ngx_http_zoom_want_method(&want->method);
    req->label = ngx_http_zoom_want_label(&want->label);
    req->deadline = ngx_http_zoom_want_deadline(r, want->timeout);

    if (req->account == NULL) {
        return "there is no such account";
    }

    if (req->method == NULL) {
        return "the method is not GET, POST, PUT, PATCH or DELETE";
    }

    if (req->label == ZOOM_NLABELS) {
        return "the label is not light, medium, heavy or resource";
    }

    if (want->path.len > NGX_HTTP_ZOOM_API_CALL_PATH_MAX
        || want->body.len > NGX_HTTP_ZOOM_API_CALL_BODY_MAX)
    {
        return "the path is over 8 KiB or the body over 1 MiB";
    }

    if (ngx_http_zoom_want_copy(req->pool, &req->path, &want->path) != NGX_OK
        || ngx_http_zoom_want_copy(req->pool, &req->body, &want->body)
           != NGX_OK)
    {
        return "no memory";
    }

    return NULL;
}


static const char *
ngx_http_zoom_want_method(const ngx_str_t *name)
{
    ngx_uint_t  i;

    static const char *const  methods[] = {
        "GET", "POST", "PUT", "PATCH", "DELETE", NULL
    };

    for (i = 0; methods[i]; i++) {
        if (name->len == ngx_strlen(methods[i])
            && ngx_memcmp(name->data, methods[i], name->len) == 0)
        {
            break;
        }
    }

    return methods[i];
}


static zoom_label_e
ngx_http_zoom_want_label(const ngx_str_t *name)
{
    ngx_uint_t  i;

    for (i = 0; i < ZOOM_NLABELS; i++) {
        if (ngx_http_zoom_same(name, &ngx_http_zoom_labels[i])) {
            break;
        }
    }

    return (zoom_label_e) i;
}


ngx_int_t
ngx_http_zoom_want_copy(ngx_pool_t *pool, ngx_str_t *dst, const ngx_str_t *src)
{
    if (src->len == 0) {
        return NGX_OK;
    }

    dst->data = ngx_pnalloc(pool, src->len);
    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(dst->data, src->data, src->len);
    dst->len = src->len;

    return NGX_OK;
}


const char *
ngx_http_zoom_want_signature(const ngx_http_zoom_account_t *account,
    const ngx_str_t *meeting, ngx_uint_t host, time_t life, u_char *buf,
    ngx_str_t *signature)
{
    zoom_buf_t   b;
    zoom_str_t   id;
    const char  *why;

    if (account->sdk_key.len == 0) {
        return "the account has no \"sdk_key\"";
    }

    if (meeting->len > ZOOM_MEETING_ID_MAX
        || zoom_meeting_id(ngx_http_zoom_str(meeting), &id) != 0)
    {
        return "the meeting's id is not 9 to 11 digits";
    }

    zoom_buf_init(&b, buf, ZOOM_SDK_SIGNATURE_MAX);

    why = zoom_sdk_signature(&b, ngx_http_zoom_str(&account->sdk_key),
                             ngx_http_zoom_str(&account->sdk_secret),
                             ngx_http_zoom_str(meeting),
                             host ? ZOOM_SDK_HOST : ZOOM_SDK_PARTICIPANT,
                             ngx_time(), life);

    signature->data = b.data;
    signature->len = b.len;

    return why;
}


/* From now on: a script may run for long before it asks. */

static ngx_msec_t
ngx_http_zoom_want_deadline(ngx_http_request_t *r, ngx_msec_t timeout)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    return ngx_current_msec + ((timeout == NGX_CONF_UNSET_MSEC)
                               ? zlcf->timeout : timeout);
}
