/* The tokens that a bot joins a meeting with. */

#include <string.h>

#include "zoom_token_type.h"


const zoom_token_type_t  zoom_token_types[ZOOM_NTOKEN_TYPES] = {

    { "zak", "ZAK", "zak_token", "zak",
      ZOOM_LIGHT, 1, 0, 0 },

    { "onbehalf", "OBF token", "onbehalf_token", "obf",
      ZOOM_LIGHT, 1, 1, 1 },

    { "local_recording", "local recording token", "app_privilege_token", NULL,
      ZOOM_LIGHT, 0, 1, 1 },

    { "live_streaming", "live streaming token", "live_streaming_token", NULL,
      ZOOM_LIGHT, 0, 1, 1 },

    { "local_archiving", "local archiving token", "local_archiving_token",
      NULL, ZOOM_LIGHT, 0, 1, 1 },
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
