/*
 * A meeting's link, read for whoever writes code that routes.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_link.h"
#include "ngx_http_zoom_str.h"
#include "zoom_meeting.h"


ngx_int_t
ngx_http_zoom_link_read(const ngx_str_t *text, u_char *b,
    ngx_http_zoom_link_t *link)
{
    zoom_buf_t      buf;
    zoom_meeting_t  meeting;

    zoom_buf_init(&buf, b, text->len);

    if (zoom_meeting_read(&meeting, ngx_http_zoom_str(text), &buf) != 0) {
        return NGX_DECLINED;
    }

    link->id = ngx_http_zoom_ngx_str(meeting.id);
    link->passcode = ngx_http_zoom_ngx_str(meeting.passcode);
    link->tk = ngx_http_zoom_ngx_str(meeting.tk);
    link->webinar = meeting.webinar;

    return NGX_OK;
}
