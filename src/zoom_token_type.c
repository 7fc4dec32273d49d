/* The tokens that a bot joins a meeting with. */

#include <string.h>

#include "zoom_token_type.h"


static int zoom_token_type_scoped(const zoom_token_type_t *type,
    zoom_str_t scope);


static const char *const  zoom_scopes_user[] = {
    "user:read:token:admin",
    "user:read:admin",
    NULL
};

static const char *const  zoom_scopes_local_recording[] = {
    "meeting:read:local_recording_token:admin",
    "webinar:read:local_recording_token:admin",
    "meeting_token:read:admin:local_recording",
    "webinar_token:read:admin:local_recording",
    NULL
};

static const char *const  zoom_scopes_live_streaming[] = {
    "meeting:read:live_streaming_token:admin",
    "webinar:read:live_streaming_token:admin",
    "meeting_token:read:admin:live_streaming",
    "webinar_token:read:admin:live_streaming",
    NULL
};

static const char *const  zoom_scopes_local_archiving[] = {
    "meeting:read:local_archiving_token:admin",
    "webinar:read:local_archiving_token:admin",
    "meeting_token:read:admin:local_archiving",
    "webinar_token:read:admin:local_archiving",
    NULL
};


const zoom_token_type_t  zoom_token_types[ZOOM_NTOKEN_TYPES] = {

    { "zak", "ZAK", "zak_token", "zak",
      ZOOM_LIGHT, zoom_scopes_user, 1, 0, 0 },

    { "onbehalf", "OBF token", "onbehalf_token", "obf",
      ZOOM_LIGHT, zoom_scopes_user, 1, 1, 1 },

    { "local_recording", "local recording token", "app_privilege_token", NULL,
      ZOOM_LIGHT, zoom_scopes_local_recording, 0, 1, 1 },

    { "live_streaming", "live streaming token", "live_streaming_token", NULL,
      ZOOM_LIGHT, zoom_scopes_live_streaming, 0, 1, 1 },

    { "local_archiving", "local archiving token", "local_archiving_token",
      NULL, ZOOM_LIGHT, zoom_scopes_local_archiving, 0, 1, 1 },
};


zoom_token_type_e
zoom_token_type_find(zoom_str_t name)
{
    unsigned     i;
    const char  *p;

    for (i = 0; i < ZOOM_NTOKEN_TYPES; i++) {
        p = zoom_token_types[i].name;

        if (name.len == strlen(p) && memcmp(name.data, p, name.len) == 0) {
            break;
        }
    }

    return (zoom_token_type_e) i;
}


int
zoom_token_type_guarded(zoom_token_type_e type)
{
    return zoom_token_types[type].of_meeting
           && !zoom_token_types[type].of_user;
}


unsigned
zoom_token_types_lack(zoom_str_t scopes)
{
    size_t      n;
    unsigned    i, lack;
    zoom_str_t  scope;

    lack = (1u << ZOOM_NTOKEN_TYPES) - 1;

    while (scopes.len) {

        for (n = 0; n < scopes.len; n++) {
            if (scopes.data[n] == ' ' || scopes.data[n] == ',') {
                break;
            }
        }

        scope.data = scopes.data;
        scope.len = n;

        for (i = 0; i < ZOOM_NTOKEN_TYPES; i++) {
            if (zoom_token_type_scoped(&zoom_token_types[i], scope)) {
                lack &= ~(1u << i);
            }
        }

        n += (n < scopes.len);

        scopes.data += n;
        scopes.len -= n;
    }

    return lack;
}


static int
zoom_token_type_scoped(const zoom_token_type_t *type, zoom_str_t scope)
{
    const char *const  *p;

    for (p = type->scopes; *p; p++) {
        if (zoom_str_eq(scope, zoom_str_c(*p))) {
            return 1;
        }
    }

    return 0;
}
