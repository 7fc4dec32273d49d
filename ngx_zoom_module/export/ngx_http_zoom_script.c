/*
 * What an operator's code asks for.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_ctx.h"
#include "ngx_http_zoom_script.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_user.h"
#include "zoom_endpoint.h"
#include "zoom_meeting.h"
#include "zoom_path.h"
#include "zoom_sdk.h"
#include "zoom_token_type.h"


static const char *ngx_http_zoom_script_method(const ngx_str_t *name);
static zoom_label_e ngx_http_zoom_script_label(
    const ngx_http_zoom_api_req_t *req, const zoom_endpoint_t *endpoint);
static const zoom_endpoint_t *ngx_http_zoom_script_endpoint(
    const ngx_http_zoom_api_req_t *req, zoom_path_t *path);


const char *
ngx_http_zoom_script_ask(ngx_http_request_t *r,
    const ngx_http_zoom_token_req_t *req, ngx_uint_t fresh,
    ngx_http_zoom_ask_t *ask)
{
    const char                      *why;
    const zoom_token_type_t         *type;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (req->type < 0 || req->type >= ZOOM_NTOKEN_TYPES) {
        return "there is no such type of token";
    }

    type = &zoom_token_types[req->type];

    ask->who = ngx_http_zoom_script_who(r);

    ask->req.type = req->type;
    ask->req.ttl = (req->ttl == NGX_CONF_UNSET) ? zlcf->ttl : req->ttl;
    ask->req.webinar = req->webinar;
    ask->req.bypass = req->bypass;

    ask->reuse = fresh ? 0 : zlcf->reuse;
    ask->min_left = zlcf->min_left;
    ask->use_stale = zlcf->use_stale;
    ask->stale_after = fresh ? NGX_HTTP_ZOOM_NEVER : zlcf->stale_after;

    if (ask->req.ttl < NGX_HTTP_ZOOM_TTL_MIN
        || ask->req.ttl > NGX_HTTP_ZOOM_TTL_MAX)
    {
        return "the ttl is not from 60 seconds to 365 days";
    }

    if (type->of_user) {
        if (ngx_http_zoom_user_named(r, &req->user, &why) != ZOOM_OK) {
            return why;
        }

        ask->req.user = req->user;
    }

    if (zoom_token_type_guarded(req->type)
        || (type->of_meeting && req->meeting.len))
    {
        if (!zoom_meeting_is_id(ngx_http_zoom_str(&req->meeting))) {
            return "the meeting's id is not 9 to 11 digits";
        }

        ask->req.meeting = req->meeting;
    }

    return NULL;
}


const char *
ngx_http_zoom_script_request(const ngx_http_zoom_api_req_t *req,
    ngx_http_zoom_api_call_t *call)
{
    zoom_path_t                      path;
    const zoom_endpoint_t           *endpoint;
    ngx_http_zoom_worker_account_t  *wa;

    static const ngx_str_t  nobody = ngx_null_string;

    endpoint = ngx_http_zoom_script_endpoint(req, &path);

    call->method = ngx_http_zoom_script_method(&req->method);
    call->label = ngx_http_zoom_script_label(req, endpoint);

    wa = call->account ? ngx_http_zoom_worker_account(call->account) : NULL;

    if (wa == NULL) {
        return "there is no such account";
    }

    if (call->method == NULL) {
        return "the method is not GET, POST, PUT, PATCH or DELETE";
    }

    if (call->label == ZOOM_NLABELS) {
        return "the label is not light, medium, heavy or resource";
    }

    if (req->path.len > NGX_HTTP_ZOOM_API_CALL_PATH_MAX
        || req->body.len > NGX_HTTP_ZOOM_API_CALL_BODY_MAX)
    {
        return "the path is over 8 KiB or the body over 1 MiB";
    }

    if (ngx_http_zoom_script_copy(call->pool, &call->path, &req->path)
        != NGX_OK
        || ngx_http_zoom_script_copy(call->pool, &call->body, &req->body)
           != NGX_OK)
    {
        return "no memory";
    }

    ngx_http_zoom_writes_init(&call->writes, wa, endpoint, &path, &nobody);

    return NULL;
}


static const char *
ngx_http_zoom_script_method(const ngx_str_t *name)
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


/* Without a label it is that of the endpoint. */

static zoom_label_e
ngx_http_zoom_script_label(const ngx_http_zoom_api_req_t *req,
    const zoom_endpoint_t *endpoint)
{
    ngx_uint_t  i;

    /* what Zoom has not published is taken for the rarest that it allows */

    if (req->label.data == NULL) {
        return endpoint ? endpoint->label : ZOOM_HEAVY;
    }

    for (i = 0; i < ZOOM_NLABELS; i++) {
        if (ngx_http_zoom_same(&req->label, &ngx_http_zoom_labels[i])) {
            break;
        }
    }

    return (zoom_label_e) i;
}


static const zoom_endpoint_t *
ngx_http_zoom_script_endpoint(const ngx_http_zoom_api_req_t *req,
    zoom_path_t *path)
{
    size_t   len;
    u_char  *args;

    args = ngx_strlchr(req->path.data, req->path.data + req->path.len, '?');
    len = args ? (size_t) (args - req->path.data) : req->path.len;

    if (zoom_path_read(path, (zoom_str_t) { req->path.data, len }) != NULL) {
        return NULL;
    }

    return zoom_endpoint_find(zoom_method(ngx_http_zoom_str(&req->method)),
                              path);
}


const char *
ngx_http_zoom_script_signature(const ngx_http_zoom_account_t *account,
    const ngx_str_t *meeting, ngx_uint_t host, time_t life, u_char *buf,
    ngx_str_t *signature)
{
    zoom_buf_t          b;
    const char         *why;
    zoom_sdk_claims_t   claims;

    if (account->sdk_key.len == 0) {
        return "the account has no \"sdk_key\"";
    }

    if (!zoom_meeting_is_id(ngx_http_zoom_str(meeting))) {
        return "the meeting's id is not 9 to 11 digits";
    }

    zoom_buf_init(&b, buf, ZOOM_SDK_SIGNATURE_MAX);

    claims.meeting = ngx_http_zoom_str(meeting);
    claims.role = host ? ZOOM_SDK_HOST : ZOOM_SDK_PARTICIPANT;
    claims.iat = ngx_time();
    claims.life = life;

    why = zoom_sdk_signature(&b, ngx_http_zoom_str(&account->sdk_key),
                             ngx_http_zoom_str(&account->sdk_secret), &claims);

    signature->data = b.data;
    signature->len = b.len;

    return why;
}


uint32_t
ngx_http_zoom_script_who(ngx_http_request_t *r)
{
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_zoom_ctx_get(r);

    return ctx ? ctx->auth.who : 0;
}


ngx_msec_t
ngx_http_zoom_script_stale_after(ngx_http_request_t *r)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    return zlcf->stale_after;
}


ngx_msec_t
ngx_http_zoom_script_deadline(ngx_http_request_t *r, ngx_msec_t timeout)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    return ngx_current_msec + ((timeout == NGX_CONF_UNSET_MSEC)
                               ? zlcf->timeout : timeout);
}


ngx_int_t
ngx_http_zoom_script_copy(ngx_pool_t *pool, ngx_str_t *dst,
    const ngx_str_t *src)
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
