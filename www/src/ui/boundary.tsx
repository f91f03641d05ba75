// Keeps one part of the page that cannot be drawn from taking the rest with it.
import { Component, type ComponentChildren } from "preact";

interface Props {
  /** Another value is another chance. */
  readonly of: unknown;
  readonly children: ComponentChildren;
}

export class Boundary extends Component<Props, { failed: unknown }> {
  override state = { failed: undefined as unknown };

  override componentDidCatch(): void {
    this.setState({ failed: this.props.of });
  }

  override componentWillReceiveProps(next: Props): void {
    if (next.of !== this.state.failed) this.setState({ failed: undefined });
  }

  override render({ of, children }: Props) {
    if (this.state.failed !== undefined && this.state.failed === of) {
      return <p class="problem boundary" role="alert">The server sent something here that this page cannot show. The event log has it as it came.</p>;
    }
    return children;
  }
}
