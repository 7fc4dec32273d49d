/* Runs all suites; Check's summary is the last line. */

#include "unit.h"


int
main(void)
{
    int       failed;
    size_t    i;
    SRunner  *runner;

    static Suite *(*const suites[])(void) = {
        unit_string, unit_base64, unit_uri, unit_error, unit_user, unit_users,
        unit_secret, unit_time, unit_json, unit_json_canonical, unit_json_load,
        unit_callback, unit_hmac, unit_attendee, unit_stdwebhooks,
        unit_meeting, unit_response, unit_oauth, unit_token, unit_jointoken,
        unit_window,
        unit_limit, unit_sdk, unit_join, unit_hash, unit_graphql, unit_header,
        unit_log_once,
        unit_token_type, unit_meeting_mask, unit_seal, unit_consent,
        unit_grant, unit_webhook, unit_event, unit_path, unit_endpoint,
        unit_rule, unit_audit,
        unit_turns, unit_ring, unit_query, unit_fair, unit_run,
        unit_limit_world, unit_addr, unit_prefixes,
#ifndef ZOOM_NO_LUA
        unit_lua_pattern
#endif
    };

    /* seconds, unless asked for otherwise: busy machines are no mistake */

    setenv("CK_DEFAULT_TIMEOUT", "60", 0);

    runner = srunner_create(NULL);

    for (i = 0; i < N(suites); i++) {
        srunner_add_suite(runner, suites[i]());
    }

    srunner_run_all(runner, CK_ENV);

    failed = srunner_ntests_failed(runner);

    srunner_free(runner);

    return failed ? 1 : 0;
}
