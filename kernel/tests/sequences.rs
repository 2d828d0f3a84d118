//! Exact sequences of messages, over the in-memory transport with the echo engine.

mod support;

use convac_kernel::kernel::{Ended, Stopper};
use convac_kernel::transport::{Channel, ListenerEvent};
use serde_json::json;
use support::Frontend;

#[tokio::test]
async fn a_cell_is_busy_input_outputs_reply_idle() {
    let mut frontend = Frontend::start().await;
    let id = frontend.execute("print a\ndisplay b\nprint c\neprint d\ne").await;
    frontend.state("busy", &id).await;
    let input = frontend.expect("execute_input", &id).await;
    assert_eq!(
        input,
        json!({"code": "print a\ndisplay b\nprint c\neprint d\ne", "execution_count": 1})
    );
    let stream = |name: &str, text: &str| json!({"name": name, "text": text});
    assert_eq!(frontend.expect("stream", &id).await, stream("stdout", "a\n"));
    let shown = frontend.expect("display_data", &id).await;
    assert_eq!(shown, json!({"data": {"text/plain": "b"}, "metadata": {}, "transient": {}}));
    assert_eq!(frontend.expect("stream", &id).await, stream("stdout", "c\n"));
    assert_eq!(frontend.expect("stream", &id).await, stream("stderr", "d\n"));
    let result = frontend.expect("execute_result", &id).await;
    assert_eq!(result["execution_count"], 1);
    assert_eq!(result["data"]["text/plain"], "e");
    frontend.state("idle", &id).await;
    let reply = frontend.expect_executed(&id).await;
    let ok = json!({"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []});
    assert_eq!(reply, ok);
    frontend.nothing_more().await;
}

#[tokio::test]
async fn an_error_is_one_message_and_the_same_in_the_reply() {
    let mut frontend = Frontend::start().await;
    let id = frontend.execute("fail why").await;
    frontend.state("busy", &id).await;
    frontend.expect("execute_input", &id).await;
    let error = frontend.expect("error", &id).await;
    assert_eq!(error, json!({"ename": "Failed", "evalue": "why", "traceback": ["Failed: why"]}));
    frontend.state("idle", &id).await;
    let reply = frontend.expect_executed(&id).await;
    assert_eq!(reply["status"], "error");
    assert_eq!(reply["execution_count"], 1);
    for key in ["ename", "evalue", "traceback"] {
        assert_eq!(reply[key], error[key]);
    }
}

#[tokio::test]
async fn only_what_is_stored_counts() {
    let mut frontend = Frontend::start().await;
    for (request, count) in [
        (json!({"code": "a", "silent": true}), 0),
        (json!({"code": "a"}), 1),
        (json!({"code": "a", "store_history": false}), 1),
        (json!({"code": "  \n"}), 1),
        (json!({"code": "# only a comment"}), 2),
        (json!({"code": "a", "silent": true, "store_history": true}), 2),
        (json!({"code": "fail"}), 3),
    ] {
        let id = frontend.send(Channel::Shell, "execute_request", request.clone()).await;
        assert_eq!(frontend.expect_executed(&id).await["execution_count"], count, "{request}");
    }
}

#[tokio::test]
async fn silent_cells_publish_their_state_alone() {
    let mut frontend = Frontend::start().await;
    for code in ["print a\nb", "fail"] {
        let request = json!({"code": code, "silent": true});
        let id = frontend.send(Channel::Shell, "execute_request", request).await;
        frontend.state("busy", &id).await;
        frontend.state("idle", &id).await;
        frontend.expect_executed(&id).await;
    }
    let request = json!({"code": "b", "store_history": false});
    let id = frontend.send(Channel::Shell, "execute_request", request).await;
    frontend.state("busy", &id).await;
    frontend.expect("execute_input", &id).await;
    frontend.expect("execute_result", &id).await;
    frontend.state("idle", &id).await;
    let all = json!({"hist_access_type": "tail", "n": 10});
    let id = frontend.send(Channel::Shell, "history_request", all).await;
    frontend.reply().await;
    let history = frontend.expect_reply(Channel::Shell, "history_reply", &id).await;
    assert_eq!(history["history"], json!([]), "neither was kept");
}

#[tokio::test]
async fn an_error_aborts_what_was_sent_before_its_reply() {
    let mut frontend = Frontend::start().await;
    let failed = frontend.execute("fail").await;
    let second = frontend.execute("b").await;
    let third = frontend.execute("c").await;
    let info = frontend.send(Channel::Shell, "kernel_info_request", json!({})).await;
    assert_eq!(frontend.expect_executed(&failed).await["status"], "error");
    assert_eq!(frontend.expect_executed(&second).await["status"], "aborted");
    assert_eq!(frontend.expect_executed(&third).await["status"], "aborted");
    let info = frontend.expect_reply(Channel::Shell, "kernel_info_reply", &info).await;
    assert_eq!(info["protocol_version"], "5.5");
    // At once, and by the clock after the reply: it runs.
    let later = frontend.execute("d").await;
    assert_eq!(frontend.expect_executed(&later).await["status"], "ok");
    for id in [&failed, &second, &third] {
        frontend.state("busy", id).await;
        if *id == failed {
            frontend.expect("execute_input", id).await;
            frontend.expect("error", id).await;
        }
        frontend.state("idle", id).await;
    }
}

#[tokio::test]
async fn without_stop_on_error_all_run() {
    let mut frontend = Frontend::start().await;
    let request = json!({"code": "fail", "stop_on_error": false});
    let failed = frontend.send(Channel::Shell, "execute_request", request).await;
    let second = frontend.execute("b").await;
    assert_eq!(frontend.expect_executed(&failed).await["status"], "error");
    assert_eq!(frontend.expect_executed(&second).await["status"], "ok");
}

#[tokio::test]
async fn an_error_aborts_only_cells_of_its_own_client() {
    let mut frontend = Frontend::start().await;
    let failed = frontend.execute("fail").await;
    let own = std::mem::replace(
        &mut frontend.sender,
        convac_kernel::protocol::Sender::new(support::signer(), "other"),
    );
    let others = frontend.execute("b").await;
    frontend.sender = own;
    assert_eq!(frontend.expect_executed(&failed).await["status"], "error");
    assert_eq!(frontend.expect_executed(&others).await["status"], "ok");
}

#[tokio::test]
async fn an_interrupt_stops_the_cell_and_what_waits() {
    let mut frontend = Frontend::start().await;
    for round in 0..20 {
        let long = frontend.execute("wait").await;
        let queued = frontend.execute("b").await;
        frontend.state("busy", &long).await;
        frontend.expect("execute_input", &long).await;
        // Let the queued cell arrive.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let stop = frontend.send(Channel::Control, "interrupt_request", json!({})).await;
        let reply = frontend.expect_reply(Channel::Control, "interrupt_reply", &stop).await;
        assert_eq!(reply["status"], "ok");
        // Sent at once after the interrupt: it runs.
        let new = frontend.execute("c").await;
        let reply = frontend.expect_executed(&long).await;
        assert_eq!((&reply["status"], &reply["ename"]), (&json!("error"), &json!("Interrupted")));
        assert_eq!(frontend.expect_executed(&queued).await["status"], "aborted", "{round}");
        assert_eq!(frontend.expect_executed(&new).await["status"], "ok", "{round}");
        loop {
            let message = frontend.iopub().await;
            if message.parent == new && message.content["execution_state"] == "idle" {
                break;
            }
        }
    }
}

#[tokio::test]
async fn an_idle_kernel_is_not_interrupted() {
    let mut frontend = Frontend::start().await;
    frontend.signals.send(Stopper::Interrupt).unwrap();
    let stop = frontend.send(Channel::Control, "interrupt_request", json!({})).await;
    frontend.expect_reply(Channel::Control, "interrupt_reply", &stop).await;
    let id = frontend.execute("a").await;
    assert_eq!(frontend.expect_executed(&id).await["status"], "ok");
}

#[tokio::test]
async fn signals_interrupt_too() {
    let mut frontend = Frontend::start().await;
    let id = frontend.execute("wait").await;
    frontend.state("busy", &id).await;
    frontend.expect("execute_input", &id).await;
    frontend.signals.send(Stopper::Interrupt).unwrap();
    assert_eq!(frontend.expect_executed(&id).await["ename"], "Interrupted");
    frontend.signals.send(Stopper::Stop).unwrap();
    assert_eq!(frontend.kernel.await.unwrap(), Ended::Stopped);
}

#[tokio::test]
async fn control_answers_while_a_cell_runs() {
    let mut frontend = Frontend::start().await;
    let long = frontend.execute("wait").await;
    let info = frontend.send(Channel::Control, "kernel_info_request", json!({})).await;
    let reply = frontend.expect_reply(Channel::Control, "kernel_info_reply", &info).await;
    assert_eq!(reply["status"], "ok");
    assert_eq!(reply["debugger"], false);
    assert_eq!(reply["supported_features"], json!([]));
    let unknown = frontend.send(Channel::Control, "debug_request", json!({})).await;
    let end = frontend.send(Channel::Control, "shutdown_request", json!({"restart": true})).await;
    let reply = frontend.expect_reply(Channel::Control, "shutdown_reply", &end).await;
    assert_eq!(reply, json!({"status": "ok", "restart": true}));
    assert_eq!(frontend.kernel.await.unwrap(), Ended::Shutdown);
    let mut states = Vec::new();
    while let Ok(frames) = frontend.client.iopub.try_recv() {
        let text = String::from_utf8_lossy(&frames[4]).into_owned();
        if text.contains(&unknown) {
            states.push(String::from_utf8_lossy(&frames[6]).into_owned());
        }
    }
    assert_eq!(states.len(), 2, "busy and idle alone: {states:?}");
    assert_ne!(long, unknown);
}

#[tokio::test]
async fn unknown_types_are_busy_and_idle() {
    let mut frontend = Frontend::start().await;
    for channel in [Channel::Shell, Channel::Control] {
        let id = frontend.send(channel, "nonsense_request", json!({"x": 1})).await;
        frontend.state("busy", &id).await;
        frontend.state("idle", &id).await;
    }
    let id = frontend.execute("a").await;
    frontend.expect_executed(&id).await;
}

#[tokio::test]
async fn a_wrong_field_is_told() {
    let mut frontend = Frontend::start().await;
    for (kind, reply, content) in [
        ("execute_request", "execute_reply", json!({"code": 3})),
        ("complete_request", "complete_reply", json!({})),
        ("inspect_request", "inspect_reply", json!({"code": "a", "detail_level": "x"})),
        ("is_complete_request", "is_complete_reply", json!({"code": null})),
        ("history_request", "history_reply", json!({"hist_access_type": "all"})),
        ("history_request", "history_reply", json!({"hist_access_type": "tail", "n": "x"})),
    ] {
        let id = frontend.send(Channel::Shell, kind, content).await;
        let content = frontend.expect_reply(Channel::Shell, reply, &id).await;
        assert_eq!(content["status"], "error", "{kind}");
        assert_eq!(content["ename"], "MalformedRequest", "{kind}");
    }
}

#[tokio::test]
async fn questions_go_to_the_user_and_back() {
    let mut frontend = Frontend::start().await;
    // Nobody asked for this one.
    frontend.send(Channel::Stdin, "input_reply", json!({"value": "early"})).await;
    let id = frontend.execute("print first\npassword Who?").await;
    let (channel, question) = frontend.reply().await;
    assert_eq!((channel, question.kind.as_str()), (Channel::Stdin, "input_request"));
    assert_eq!(question.parent, id);
    assert_eq!(question.content, json!({"prompt": "Who?", "password": true}));
    // Control answers meanwhile.
    let info = frontend.send(Channel::Control, "kernel_info_request", json!({})).await;
    frontend.expect_reply(Channel::Control, "kernel_info_reply", &info).await;
    frontend.send(Channel::Stdin, "input_reply", json!({"value": "me"})).await;
    assert_eq!(frontend.expect_executed(&id).await["status"], "ok");
    let mut text = String::new();
    loop {
        let message = frontend.iopub().await;
        match message.kind.as_str() {
            "stream" => text.push_str(message.content["text"].as_str().unwrap()),
            "status" if message.parent == id && message.content["execution_state"] == "idle" => {
                break;
            }
            _ => {}
        }
    }
    assert_eq!(text, "first\nme\n");
}

#[tokio::test]
async fn an_interrupt_ends_a_question_and_nobody_is_asked_without_leave() {
    let mut frontend = Frontend::start().await;
    let id = frontend.execute("ask Who?").await;
    assert_eq!(frontend.reply().await.1.kind, "input_request");
    let stop = frontend.send(Channel::Control, "interrupt_request", json!({})).await;
    assert_eq!(frontend.expect_interrupted(&id, &stop).await["ename"], "Interrupted");
    // Too late.
    frontend.send(Channel::Stdin, "input_reply", json!({"value": "late"})).await;
    let request = json!({"code": "ask Who?", "allow_stdin": false});
    let id = frontend.send(Channel::Shell, "execute_request", request).await;
    assert_eq!(frontend.expect_executed(&id).await["ename"], "Nobody");
}

#[tokio::test]
async fn a_panic_costs_one_cell() {
    let mut frontend = Frontend::start().await;
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let id = frontend.execute("panic because").await;
    let reply = frontend.expect_executed(&id).await;
    std::panic::set_hook(hook);
    assert_eq!(reply["status"], "error");
    assert!(reply["evalue"].as_str().unwrap().contains("because"));
    let id = frontend.execute("a").await;
    assert_eq!(frontend.expect_executed(&id).await["execution_count"], 2);
}

#[tokio::test]
async fn ten_thousand_lines_are_few_messages_before_idle() {
    let mut frontend = Frontend::start().await;
    let id = frontend.execute("lines 10000").await;
    let (mut text, mut messages) = (String::new(), 0);
    loop {
        let message = frontend.iopub().await;
        match message.kind.as_str() {
            "stream" => {
                text.push_str(message.content["text"].as_str().unwrap());
                messages += 1;
            }
            "status" if message.content["execution_state"] == "idle" => break,
            _ => {}
        }
    }
    let all: String = (0..10_000).map(|i| format!("{i}\n")).collect();
    assert!(text == all, "all lines, in order");
    assert!(messages < 200, "{messages}");
    frontend.expect_executed(&id).await;
}

#[tokio::test]
async fn displays_are_updated_and_cleared() {
    let mut frontend = Frontend::start().await;
    let id = frontend.execute("progress 2\nclear").await;
    frontend.state("busy", &id).await;
    frontend.expect("execute_input", &id).await;
    let first = frontend.expect("display_data", &id).await;
    assert_eq!(first["transient"], json!({"display_id": "echo"}));
    for text in ["1 of 2", "2 of 2"] {
        let update = frontend.expect("update_display_data", &id).await;
        assert_eq!(update["data"]["text/plain"], text);
        assert_eq!(update["transient"], json!({"display_id": "echo"}));
    }
    assert_eq!(frontend.expect("clear_output", &id).await, json!({"wait": true}));
    frontend.state("idle", &id).await;
}

#[tokio::test]
async fn pages_come_with_the_reply() {
    let mut frontend = Frontend::start().await;
    let id = frontend.execute("page some help").await;
    let reply = frontend.expect_executed(&id).await;
    let page = json!({"source": "page", "data": {"text/plain": "some help"}, "start": 0});
    assert_eq!(reply["payload"], json!([page]));
}

#[tokio::test]
async fn expressions_fail_one_by_one() {
    let mut frontend = Frontend::start().await;
    let request = json!({"code": "a", "user_expressions": {"x": "1", "y": "fail", "z": 3}});
    let id = frontend.send(Channel::Shell, "execute_request", request).await;
    let reply = frontend.expect_executed(&id).await;
    let expressions = &reply["user_expressions"];
    assert_eq!(
        expressions["x"],
        json!({"status": "ok", "data": {"text/plain": "1"}, "metadata": {}})
    );
    assert_eq!(expressions["y"]["status"], "error");
    assert_eq!(expressions["z"]["status"], "error");
    assert_eq!(reply["status"], "ok");
}

#[tokio::test]
async fn questions_about_cells_are_answered() {
    let mut frontend = Frontend::start().await;
    let ask = |kind, content| (kind, content);
    let (kind, content) = ask("complete_request", json!({"code": "𝛼😀 pr", "cursor_pos": 5}));
    let id = frontend.send(Channel::Shell, kind, content).await;
    let reply = frontend.expect_reply(Channel::Shell, "complete_reply", &id).await;
    assert_eq!(reply["matches"], json!(["print", "progress"]));
    assert_eq!((&reply["cursor_start"], &reply["cursor_end"]), (&json!(3), &json!(5)));
    assert_eq!(reply["metadata"]["_jupyter_types_experimental"][0]["type"], "function");
    for cursor in [json!(0), json!(99), json!(-1), json!(null)] {
        let content = json!({"code": "𝛼😀 pr", "cursor_pos": cursor});
        let id = frontend.send(Channel::Shell, "complete_request", content).await;
        let reply = frontend.expect_reply(Channel::Shell, "complete_reply", &id).await;
        assert_eq!(reply["status"], "ok", "{cursor}");
    }
    for (code, found) in [("print", true), ("nothing", false)] {
        let content = json!({"code": code, "cursor_pos": 2});
        let id = frontend.send(Channel::Shell, "inspect_request", content).await;
        let reply = frontend.expect_reply(Channel::Shell, "inspect_reply", &id).await;
        assert_eq!((&reply["status"], &reply["found"]), (&json!("ok"), &json!(found)));
        assert_eq!(reply["data"] == json!({}), !found);
    }
    for (code, answer) in [
        ("a", json!({"status": "complete"})),
        ("a\\", json!({"status": "incomplete", "indent": "  "})),
        ("a!", json!({"status": "invalid"})),
    ] {
        let id = frontend.send(Channel::Shell, "is_complete_request", json!({"code": code})).await;
        let reply = frontend.expect_reply(Channel::Shell, "is_complete_reply", &id).await;
        assert_eq!(reply, answer);
    }
}

#[tokio::test]
async fn comms_are_closed_at_once() {
    let mut frontend = Frontend::start().await;
    let open = json!({"comm_id": "c", "target_name": "nobody", "data": {}});
    let id = frontend.send(Channel::Shell, "comm_open", open).await;
    frontend.state("busy", &id).await;
    assert_eq!(frontend.expect("comm_close", &id).await["comm_id"], "c");
    frontend.state("idle", &id).await;
    let message = json!({"comm_id": "unknown", "data": {}});
    let id = frontend.send(Channel::Shell, "comm_msg", message).await;
    frontend.state("busy", &id).await;
    frontend.state("idle", &id).await;
    for content in [json!({}), json!({"target_name": null}), json!({"target_name": ""})] {
        let id = frontend.send(Channel::Shell, "comm_info_request", content).await;
        let reply = frontend.expect_reply(Channel::Shell, "comm_info_reply", &id).await;
        assert_eq!(reply, json!({"status": "ok", "comms": {}}));
    }
}

#[tokio::test]
async fn what_is_sent_twice_or_signed_wrongly_runs_once_or_never() {
    let mut frontend = Frontend::start().await;
    let (id, frames) = frontend.frames("execute_request", json!({"code": "a"}));
    frontend.raw(Channel::Shell, frames.clone()).await;
    frontend.raw(Channel::Shell, frames.clone()).await;
    let mut forged = frames.clone();
    forged[6] = bytes::Bytes::from_static(b"{\"code\":\"b\"}");
    frontend.raw(Channel::Shell, forged).await;
    for garbage in [vec![], vec![b"x".to_vec()], vec![b"<IDS|MSG>".to_vec(); 4]] {
        let garbage = garbage.into_iter().map(bytes::Bytes::from).collect();
        frontend.raw(Channel::Control, garbage).await;
    }
    let last = frontend.execute("c").await;
    assert_eq!(frontend.expect_executed(&id).await["execution_count"], 1);
    assert_eq!(frontend.expect_executed(&last).await["execution_count"], 2);
}

#[tokio::test]
async fn a_new_listener_hears_everything_from_its_welcome_on() {
    let mut frontend = Frontend::silent().await;
    let first = frontend.execute("a").await;
    frontend.expect_executed(&first).await;
    for listener in 1..=20 {
        let subscribed = ListenerEvent::Subscribed { listener, topic: String::new() };
        frontend.client.listeners.send(subscribed).unwrap();
        let id = frontend.execute("b").await;
        // Nothing of the cell may come before the welcome of the one who just came.
        loop {
            let message = frontend.iopub().await;
            if message.kind == "iopub_welcome" {
                break;
            }
            assert_ne!(message.parent, id);
        }
        loop {
            let message = frontend.iopub().await;
            if message.parent == id && message.content["execution_state"] == "idle" {
                break;
            }
        }
        frontend.expect_executed(&id).await;
    }
}

#[tokio::test]
async fn a_listener_that_never_hears_does_not_stop_the_others() {
    let mut frontend = Frontend::start().await;
    let subscribed = ListenerEvent::Subscribed { listener: 99, topic: "elsewhere".to_owned() };
    frontend.client.listeners.send(subscribed).unwrap();
    let id = frontend.execute("a").await;
    frontend.expect_executed(&id).await;
    let mut welcomes = 0;
    loop {
        // Read without acknowledging.
        let frames = frontend.client.iopub.recv().await.unwrap();
        if frames[0].ends_with(b"/iopub_welcome/99") {
            welcomes += 1;
        } else {
            break;
        }
    }
    assert!(welcomes > 1, "it was repeated");
}
