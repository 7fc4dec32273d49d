#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_event.h"
#include "ngx_http_zoom_script_user.h"
#include "ngx_http_zoom_str.h"
#include "zoom_user.h"


/* As if Zoom's webhook had come already. */

void
ngx_http_zoom_script_user(ngx_http_zoom_account_t *account,
    const ngx_str_t *user, ngx_uint_t gone)
{
    zoom_event_t  event;

    ngx_memzero(&event, sizeof(zoom_event_t));

    event.kind = gone ? ZOOM_EVENT_USER_GONE : ZOOM_EVENT_USER_BACK;
    event.name = zoom_str_c("zoom.users");

    if (zoom_user_check(ngx_http_zoom_str(user)) == ZOOM_USER_EMAIL) {
        event.email = ngx_http_zoom_str(user);

    } else {
        event.id = ngx_http_zoom_str(user);
    }

    ngx_http_zoom_event_act(account, &event, ngx_cycle->log);
}
