/* What a caller is told when there is no token. */

#include "zoom_error.h"


static const zoom_error_info_t  zoom_errors[ZOOM_E_LAST] = {

    [ZOOM_OK] = { 200, zoom_str("ok"), zoom_str("There is no error.") },

    [ZOOM_E_BAD_CALLBACK] = { 400, zoom_str("bad_callback"),
        zoom_str("The request is not a callback this server understands.") },

    [ZOOM_E_NO_MEETING] = { 400, zoom_str("no_meeting"),
        zoom_str("The callback does not say which Zoom meeting it is "
                 "about.") },

    [ZOOM_E_BAD_TYPE] = { 400, zoom_str("bad_type"),
        zoom_str("This type of token is not given here.") },

    [ZOOM_E_BAD_PATH] = { 400, zoom_str("bad_path"),
        zoom_str("The path is none that Zoom's API could have.") },

    [ZOOM_E_UNAUTHENTICATED] = { 401, zoom_str("unauthenticated"),
        zoom_str("The request is not authenticated.") },

    [ZOOM_E_REPLAYED] = { 401, zoom_str("replayed"),
        zoom_str("The request has been used before.") },

    [ZOOM_E_NO_USER] = { 403, zoom_str("no_user"),
        zoom_str("There is no Zoom user for this callback.") },

    [ZOOM_E_NO_ACCOUNT] = { 403, zoom_str("no_account"),
        zoom_str("There is no Zoom account for this callback.") },

    [ZOOM_E_DENIED] = { 403, zoom_str("denied"),
        zoom_str("This callback may not have a token.") },

    [ZOOM_E_NOT_CONNECTED] = { 403, zoom_str("not_connected"),
        zoom_str("The user has not connected a Zoom account.") },

    [ZOOM_E_GRANT_EXPIRED] = { 403, zoom_str("grant_expired"),
        zoom_str("The user has to connect the Zoom account again.") },

    [ZOOM_E_METHOD] = { 405, zoom_str("method"),
        zoom_str("The request method is not allowed here.") },

    [ZOOM_E_USER_NOT_IN_MEETING] = { 409, zoom_str("user_not_in_meeting"),
        zoom_str("The user has to be in the meeting before the bot.") },

    [ZOOM_E_TOO_LARGE] = { 413, zoom_str("too_large"),
        zoom_str("The request body is too large.") },

    [ZOOM_E_USER_DAILY_LIMIT] = { 429, zoom_str("user_daily_limit"),
        zoom_str("The user has written as many meetings today as Zoom "
                 "allows.") },

    [ZOOM_E_INTERNAL] = { 500, zoom_str("internal"),
        zoom_str("The server failed.") },

    [ZOOM_E_ROUTE_FAILED] = { 500, zoom_str("route_failed"),
        zoom_str("The server's routing script failed.") },

    [ZOOM_E_USER_UNKNOWN] = { 502, zoom_str("user_unknown"),
        zoom_str("Zoom does not know the user, or cannot use it yet.") },

    [ZOOM_E_MEETING_UNKNOWN] = { 502, zoom_str("meeting_unknown"),
        zoom_str("Zoom does not know the meeting.") },

    [ZOOM_E_SCOPE_MISSING] = { 502, zoom_str("scope_missing"),
        zoom_str("The Zoom app lacks a scope.") },

    [ZOOM_E_CREDENTIALS_REJECTED] = { 502, zoom_str("credentials_rejected"),
        zoom_str("Zoom rejected the app's credentials.") },

    [ZOOM_E_APP_DISABLED] = { 502, zoom_str("app_disabled"),
        zoom_str("The Zoom app is not activated.") },

    [ZOOM_E_ZOOM_REFUSED] = { 502, zoom_str("zoom_refused"),
        zoom_str("Zoom refused the request.") },

    [ZOOM_E_ZOOM_INVALID] = { 502, zoom_str("zoom_invalid"),
        zoom_str("Zoom gave an answer that cannot be used.") },

    [ZOOM_E_RATE_LIMITED] = { 503, zoom_str("rate_limited"),
        zoom_str("Zoom's rate limit is reached, try again later.") },

    [ZOOM_E_ZOOM_UNAVAILABLE] = { 503, zoom_str("zoom_unavailable"),
        zoom_str("Zoom is not available, try again later.") },

    [ZOOM_E_OVERLOADED] = { 503, zoom_str("overloaded"),
        zoom_str("The server is overloaded, try again later.") },

    [ZOOM_E_STORE_UNAVAILABLE] = { 503, zoom_str("store_unavailable"),
        zoom_str("The server cannot reach its store, try again later.") },

    [ZOOM_E_POOL_EXHAUSTED] = { 503, zoom_str("pool_exhausted"),
        zoom_str("No Zoom user is left for this callback, try again "
                 "later.") },

    [ZOOM_E_TIMEOUT] = { 504, zoom_str("timeout"),
        zoom_str("The token did not arrive in time.") },
};


const zoom_error_info_t *
zoom_error_info(zoom_error_e e)
{
    if ((unsigned) e >= ZOOM_E_LAST) {
        e = ZOOM_E_INTERNAL;
    }

    return &zoom_errors[e];
}


int
zoom_error_is_of_user(zoom_error_e e)
{
    return e == ZOOM_E_USER_UNKNOWN || e == ZOOM_E_NOT_CONNECTED
           || e == ZOOM_E_GRANT_EXPIRED;
}


int
zoom_error_is_outage(zoom_error_e e)
{
    return e == ZOOM_E_ZOOM_UNAVAILABLE || e == ZOOM_E_ZOOM_INVALID;
}
